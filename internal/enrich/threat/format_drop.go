package threat

import (
	"bufio"
	"encoding/json"
	"errors"
)

// dropFormat is the JSON form of Spamhaus' DROP lists: one object per line with
// cidr, sblid and rir; the last object has the list's metadata.
var dropFormat = format{
	name:   "drop",
	detect: func(h *head, _ *Feed) bool { return h.has(1, 1, "cidr") },
	decode: decodeDrop,
}

var errNoCIDR = errors.New("no cidr in it")

func decodeDrop(r *bufio.Reader, s *sink) error {
	return s.eachLine(r, func(at int, line []byte) error {
		var entry struct {
			Type  string `json:"type"`
			CIDR  string `json:"cidr"`
			SBLID string `json:"sblid"`
		}
		switch err := unmarshal(line, &entry); {
		case err != nil:
			s.skip(at, err)
		case entry.Type == "metadata":
		case entry.CIDR == "":
			s.skip(at, errNoCIDR)
		default:
			return s.add(at, entry.CIDR, detail{
				confidence: unknown, provider: "Spamhaus", description: entry.SBLID,
			}, validity{})
		}
		return nil
	})
}

// unmarshal reads one line of JSON.
func unmarshal(line []byte, into any) error {
	if deeperThan(line, maxDepth) {
		return errTooDeep
	}
	return json.Unmarshal(line, into)
}
