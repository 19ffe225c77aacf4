package threat

import (
	"bufio"
	"strings"
)

// listFormat is one address, prefix or range per line, as in FireHOL's netsets,
// the text form of Spamhaus DROP and most plain lists. A # or ; begins a comment;
// one that follows an entry is the entry's description.
var listFormat = format{
	name:   "list",
	detect: func(h *head, _ *Feed) bool { return h.keys == nil },
	decode: decodeList,
}

func decodeList(r *bufio.Reader, s *sink) error {
	return s.eachLine(r, func(at int, line []byte) error {
		entry, comment := string(line), ""
		if i := strings.IndexAny(entry, "#;"); i >= 0 {
			entry, comment = strings.TrimSpace(entry[:i]), strings.Trim(entry[i:], "#; \t")
		}
		if entry == "" {
			return nil
		}
		return s.add(at, entry, detail{confidence: unknown, description: comment}, validity{})
	})
}
