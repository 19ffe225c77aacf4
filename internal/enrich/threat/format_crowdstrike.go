package threat

import (
	"bufio"
	"cmp"
	"errors"
	"slices"
)

// crowdstrikeFormat is the JSON of CrowdStrike's indicator API and of formats
// modelled on it: objects with an indicator, its type and details, in an array, in
// an array under a name such as "resources", or one per line.
var crowdstrikeFormat = format{
	name: "crowdstrike",
	detect: func(h *head, _ *Feed) bool {
		return h.has(1, 3, "indicator", "malicious_confidence") || h.has(1, 1, wrappers...)
	},
	decode: decodeCrowdstrike,
}

// wrappers are the possible names of the array.
var wrappers = []string{"resources", "indicators"}

// crowdstrikeTypes are the types of addresses: "" for entries without a type,
// CrowdStrike's own two, and those of related formats.
var crowdstrikeTypes = []string{
	"", "ip_address", "ip_address_block", "ip", "ipv4", "ipv6", "ipv4-addr", "ipv6-addr", "ip-address", "cidr",
}

var errNoIndicator = errors.New("no indicator in it")

// crowdstrikeEntry has the fields of the API, then those of related formats.
type crowdstrikeEntry struct {
	Indicator       text   `json:"indicator"`
	Type            text   `json:"type"`
	Deleted         bool   `json:"deleted"`
	Malicious       text   `json:"malicious_confidence"`
	Actors          texts  `json:"actors"`
	MalwareFamilies texts  `json:"malware_families"`
	Labels          texts  `json:"labels"`
	Expiration      moment `json:"expiration"`

	Value          text   `json:"value"`
	Confidence     text   `json:"confidence"`
	Actor          texts  `json:"actor"`
	Malware        texts  `json:"malware"`
	ExpirationDate moment `json:"expiration_date"`
	ValidUntil     moment `json:"valid_until"`
	ValidUntilToo  moment `json:"validUntil"`
	ValidFrom      moment `json:"valid_from"`
	ValidFromToo   moment `json:"validFrom"`
	Description    text   `json:"description"`
	Source         text   `json:"source"`
	Provider       text   `json:"provider"`
}

func decodeCrowdstrike(r *bufio.Reader, s *sink) error {
	start, _ := r.Peek(headSize) // a read error is returned again by the next read
	h := head{keys: scanKeys(start)}
	if h.has(1, 1, "indicator", "value") { // one per line
		return s.eachLine(r, func(at int, line []byte) error {
			var e crowdstrikeEntry
			if err := unmarshal(line, &e); err != nil {
				s.skip(at, err)
				return nil
			}
			return e.add(at, s)
		})
	}
	d := newDecoder(r)
	at := 0
	entries := func() error {
		return eachElement(d, func() error {
			at++
			var e crowdstrikeEntry
			bad, err := decodeEntry(d, &e)
			if bad != nil {
				s.skip(at, bad)
			}
			if bad != nil || err != nil {
				return err
			}
			return e.add(at, s)
		})
	}
	if !h.has(1, 1, wrappers...) {
		return entries()
	}
	if _, err := d.Token(); err != nil {
		return err
	}
	return eachKey(d, func(key string) error {
		if slices.Contains(wrappers, key) {
			return entries()
		}
		return skipValue(d)
	})
}

func (e *crowdstrikeEntry) add(at int, s *sink) error {
	if e.Deleted || !slices.Contains(crowdstrikeTypes, string(e.Type)) {
		s.ignore()
		return nil
	}
	indicator := string(cmp.Or(e.Indicator, e.Value))
	if indicator == "" {
		s.skip(at, errNoIndicator)
		return nil
	}
	from, until := cmp.Or(e.ValidFrom, e.ValidFromToo), cmp.Or(e.Expiration, e.ExpirationDate, e.ValidUntil, e.ValidUntilToo)
	return s.add(at, indicator, detail{
		confidence:  int16(parseConfidence(string(cmp.Or(e.Malicious, e.Confidence)))),
		actor:       append(e.Actors, e.Actor...).String(),
		software:    append(e.MalwareFamilies, e.Malware...).String(),
		provider:    string(cmp.Or(e.Provider, e.Source)),
		description: string(cmp.Or(e.Description, text(e.Labels.String()))),
	}, validityOf(int64(from), int64(until)))
}
