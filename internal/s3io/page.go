package s3io

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	smithytime "github.com/aws/smithy-go/time"
)

// maxKey is the maximum length of a key in S3, in bytes.
const maxKey = 1024

// Page is up to 1,000 objects and prefixes. The caller owns it.
type Page struct {
	Objects  []Object
	Prefixes []string  // each ends in Delimiter
	Token    string    // for the next page; "" when this is the last
	Date     time.Time // of the answer, by the server's clock; zero when it has none

	Unrequested Sample // keys and prefixes that were not requested, and are left out
	Undated     Sample // keys of objects without a readable LastModified
}

// Object is one entry of a list.
type Object struct {
	Key          string
	ETag         string    // without quotes
	Size         int64     // bytes; -1 when unknown
	LastModified time.Time // zero when unknown
	// Archived means that it has to be restored before it can be read: its storage class
	// is GLACIER (Flexible Retrieval) or DEEP_ARCHIVE, and it is not restored.
	Archived bool
}

// Sample is a count, and one example, shortened for a message.
type Sample struct {
	Count   int
	Example string
}

func (s *Sample) add(text string) {
	if s.Count == 0 {
		s.Example = brief(text)
	}
	s.Count++
}

// listBody is a list as servers write it. Fields that may be absent, or invalid
// without making the list useless, are text.
type listBody struct {
	Name                  *string
	IsTruncated           *string
	NextContinuationToken string
	EncodingType          string
	Prefix                string
	Contents              []listEntry
	CommonPrefixes        []struct{ Prefix string }
}

// listEntry is an object in a list. RestoreStatus is there for archived objects that
// were restored, or are being restored.
type listEntry struct {
	Key, ETag, Size, LastModified, StorageClass string
	RestoreStatus                               struct{ IsRestoreInProgress, RestoreExpiryDate string }
}

// archived reports whether an object has to be restored before it can be read.
func (e *listEntry) archived() bool {
	if e.StorageClass != string(types.ObjectStorageClassGlacier) && e.StorageClass != string(types.ObjectStorageClassDeepArchive) {
		return false
	}
	restored := e.RestoreStatus.RestoreExpiryDate != "" && e.RestoreStatus.IsRestoreInProgress != "true"
	return !restored
}

// ReadPage parses the body of the answer to in. Anything but a complete list of what
// was requested is an error; the SDK would take it as an empty list.
func ReadPage(body []byte, in ListInput) (Page, error) {
	text, err := decodeList(body)
	if err != nil {
		return Page{}, err
	}
	page := Page{Objects: make([]Object, 0, len(text.Contents))}
	truncated, err := strconv.ParseBool(strings.TrimSpace(*text.IsTruncated))
	switch {
	case err != nil:
		return Page{}, notAList("IsTruncated is %q", brief(*text.IsTruncated))
	case truncated && text.NextContinuationToken == "":
		return Page{}, notAList("it is to be continued but has no NextContinuationToken")
	case truncated:
		page.Token = text.NextContinuationToken
	}
	foreign := page.take(text, in)
	if len(page.Objects)+len(page.Prefixes) > 0 {
		return page, nil
	}
	if echo := text.Prefix; echo != "" && echo != in.Prefix && text.decode(echo) != in.Prefix {
		return Page{}, notAList("it is of prefix %q", brief(echo))
	}
	if foreign {
		return Page{}, notAList("it has other keys only, such as %q", page.Unrequested.Example)
	}
	return page, nil
}

// take adds what was requested. foreign reports whether there are other keys too.
func (page *Page) take(text *listBody, in ListInput) (foreign bool) {
	for i := range text.Contents {
		o := &text.Contents[i]
		key, ok := text.decodePrefixed(o.Key, in.Prefix)
		if !ok || key == "" || len(key) > maxKey || in.StartAfter != "" && key <= in.StartAfter {
			page.Unrequested.add(o.Key)
			foreign = foreign || !ok && o.Key != ""
			continue
		}
		obj := Object{Key: key, ETag: unquote(o.ETag), Size: -1, Archived: o.archived()}
		if size, err := strconv.ParseInt(strings.TrimSpace(o.Size), 10, 64); err == nil && size >= 0 {
			obj.Size = size
		}
		if at, err := smithytime.ParseDateTime(strings.TrimSpace(o.LastModified)); err == nil {
			obj.LastModified = at
		} else {
			page.Undated.add(key)
		}
		page.Objects = append(page.Objects, obj)
	}
	for i := range text.CommonPrefixes {
		raw := text.CommonPrefixes[i].Prefix
		prefix, ok := text.decodePrefixed(raw, in.Prefix)
		if !ok || len(prefix) > maxKey || !isFolder(prefix[len(in.Prefix):], in.Delimiter) {
			page.Unrequested.add(raw)
			foreign = foreign || raw != ""
			continue
		}
		page.Prefixes = append(page.Prefixes, prefix)
	}
	return foreign
}

// isFolder reports whether rest ends in the first delimiter it has.
func isFolder(rest, delimiter string) bool {
	_, behind, ok := strings.Cut(rest, delimiter)
	return delimiter != "" && ok && behind == ""
}

// decodePrefixed returns a key decoded, or unchanged if only that has the prefix: some
// servers echo the encoding without applying it.
func (text *listBody) decodePrefixed(key, prefix string) (string, bool) {
	if decoded := text.decode(key); strings.HasPrefix(decoded, prefix) {
		return decoded, true
	}
	return key, strings.HasPrefix(key, prefix)
}

func (text *listBody) decode(key string) string {
	if text.EncodingType != "url" {
		return key
	}
	return decodeKey(key)
}

// decodeList reads a complete ListBucketResult with its required elements.
func decodeList(body []byte) (*listBody, error) {
	text := &listBody{}
	switch wrong, err := decodeXML(body, "ListBucketResult", text); {
	case err != nil:
		return nil, err
	case wrong != "":
		return nil, notAList("%s", wrong)
	}
	if text.Name == nil {
		return nil, notAList("Name is missing")
	}
	if text.IsTruncated == nil {
		return nil, notAList("IsTruncated is missing")
	}
	return text, nil
}

var errText = errors.New("text outside of the root element")

// nextElement returns the next element at the top, or io.EOF.
func nextElement(d *xml.Decoder) (xml.StartElement, error) {
	for {
		token, err := d.Token()
		if err != nil {
			return xml.StartElement{}, err
		}
		switch token := token.(type) {
		case xml.StartElement:
			return token, nil
		case xml.CharData:
			if len(bytes.Trim(token, " \t\r\n\ufeff")) > 0 { // a byte order mark is none
				return xml.StartElement{}, errText
			}
		}
	}
}

func notAList(what string, args ...any) error {
	return &bodyError{"the answer is not the list that was asked for: " + fmt.Sprintf(what, args...)}
}
