package threat

import (
	"bufio"
	"strings"
)

// listFormat is one address, prefix or range a line, as FireHOL's netsets, the
// text form of Spamhaus DROP and most plain lists have it. What follows a # or ;
// is a comment; behind an entry it describes it.
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
