package rollup

import (
	"strings"
	"unicode/utf8"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/accesslog"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/redact"
)

const (
	keyPrefix    = "aws.s3.key.prefix"
	maxDepth     = 4   // folders
	maxKeyPrefix = 128 // bytes
)

// prefixAttributes returns the attribute for the first folders of the key, none for 0.
func prefixAttributes(depth int) []Attribute {
	if depth == 0 {
		return nil
	}
	return []Attribute{{
		Name: keyPrefix, Type: typeString, rule: redact.Path,
		text:  func(s *subject) string { return string(s.folders(depth)) },
		bytes: func(s *subject) []byte { return s.folders(depth) },
		shown: func(s *subject, cleaner func(string, redact.Rule) string) string {
			// A secret may begin in a folder, and what tells that it is one behind it.
			key := cleaner(strings.ToValidUTF8(string(s.key()), string(utf8.RuneError)), redact.Path)
			folders, _ := accesslog.Folders(key, depth)
			return accesslog.CutText(folders, maxKeyPrefix)
		},
	}}
}

// folders returns the first folders of the decoded key, valid until the next call. Most
// keys need not be decoded for it.
func (s *subject) folders(depth int) []byte {
	folders, all := accesslog.Folders(s.record.Key, depth)
	if all && strings.IndexByte(folders, '%') < 0 && strings.IndexByte(folders, '+') < 0 {
		s.decoded = append(s.decoded[:0], folders...)
		return s.decoded
	}
	decoded, _ := accesslog.Folders(s.key(), depth)
	return decoded
}

// key returns the decoded key, valid until the next call.
func (s *subject) key() []byte {
	var needed bool
	if s.decoded, needed = s.record.AppendKey(s.decoded[:0]); !needed {
		s.decoded = append(s.decoded, s.record.Key...)
	}
	return s.decoded
}
