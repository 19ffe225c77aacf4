package threat

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"
)

// stixFormat is STIX 2.1, and 2.0 as far as the two agree: a bundle, a TAXII
// envelope, or an array of objects. Relationships of the type "indicates" link
// an indicator to its actors and malware.
var stixFormat = format{
	name: "stix",
	detect: func(h *head, _ *Feed) bool {
		return h.has(1, 1, "objects") || h.has(2, 2, "spec_version", "pattern", "relationship_type")
	},
	decode: decodeSTIX,
}

// stixObject has the fields that are used of an object of one of stixTypes. The
// cached copy of a TAXII collection consists of these objects too.
type stixObject struct {
	Type     text `json:"type"`
	ID       text `json:"id"`
	Modified text `json:"modified,omitempty"`
	Revoked  bool `json:"revoked,omitempty"`
	Name     text `json:"name,omitempty"`

	// of an indicator
	Description text   `json:"description,omitempty"`
	Pattern     text   `json:"pattern,omitempty"`
	PatternType text   `json:"pattern_type,omitempty"`
	ValidFrom   moment `json:"valid_from,omitempty"`
	ValidUntil  moment `json:"valid_until,omitempty"`
	Confidence  text   `json:"confidence,omitempty"`
	CreatedBy   text   `json:"created_by_ref,omitempty"`

	// of a relationship
	Relationship text `json:"relationship_type,omitempty"`
	Source       text `json:"source_ref,omitempty"`
	Target       text `json:"target_ref,omitempty"`

	at int // position in the feed, from 1
}

// role is what the name of an object means for an indicator that refers to it.
type role int

const (
	noRole role = iota
	actor
	software
	provider
)

// stixTypes are the types of objects that are used.
var stixTypes = map[text]role{
	"indicator": noRole, "relationship": noRole, "identity": provider,
	"threat-actor": actor, "intrusion-set": actor, "campaign": actor,
	"malware": software, "tool": software,
}

// stixObjects has the newest version of each object of a feed.
type stixObjects struct {
	byID map[text]*stixObject
	read int // number of objects read, of all types
}

var errNoID = errors.New("no id in it")

func decodeSTIX(r *bufio.Reader, s *sink) error {
	objects := &stixObjects{byID: map[text]*stixObject{}}
	if _, err := objects.decode(r, s.skip); err != nil {
		return err
	}
	return objects.addTo(s)
}

// envelope has the fields beside the objects.
type envelope struct {
	more bool   // TAXII: further pages follow
	next string // TAXII: the next page
	upTo string // version.AddedAfter of a cached copy of a collection

	bare bool // the objects are an array, without an envelope
}

// decode reads a bundle, an envelope or an array.
func (o *stixObjects) decode(r io.Reader, skip func(at int, err error)) (e envelope, err error) {
	d := newDecoder(r)
	element := func() error { return o.decodeObject(d, skip) }
	start, err := d.Token()
	switch {
	case err != nil:
		return e, err
	case start == json.Delim('['):
		e.bare = true
		for d.More() {
			if err := element(); err != nil {
				return e, err
			}
		}
		_, err = d.Token()
		return e, err
	case start != json.Delim('{'):
		return e, fmt.Errorf("%w: neither an object nor an array", ErrFormat)
	}
	return e, eachKey(d, func(key string) error {
		switch key {
		case "objects":
			return eachElement(d, element)
		case "more":
			return d.Decode(&e.more)
		case "next":
			return d.Decode((*text)(&e.next))
		case copiedUpTo:
			return d.Decode((*text)(&e.upTo))
		}
		return skipValue(d)
	})
}

func (o *stixObjects) decodeObject(d *json.Decoder, skip func(at int, err error)) error {
	o.read++
	object := &stixObject{at: o.read}
	bad, err := decodeEntry(d, object)
	if err != nil {
		return err
	}
	if bad != nil {
		skip(o.read, bad)
		return nil
	}
	if _, kept := stixTypes[object.Type]; !kept {
		return nil
	}
	if object.ID == "" {
		skip(o.read, errNoID)
		return nil
	}
	if old := o.byID[object.ID]; old != nil && !newer(object.Modified, old.Modified) {
		return nil
	}
	if len(o.byID) >= maxEntries {
		return errTooMany
	}
	object.Name, object.Description = text(cut(string(object.Name), maxText)), text(cut(string(object.Description), maxText))
	o.byID[object.ID] = object
	return nil
}

// newer reports whether an object modified at a replaces an earlier one in the feed
// that was modified at b. It does if the times are equal or one is missing.
func newer(a, b text) bool {
	at, err := time.Parse(time.RFC3339, string(a))
	bt, err2 := time.Parse(time.RFC3339, string(b))
	return err != nil || err2 != nil || !at.Before(bt)
}

// addTo adds the indicators to a sink, in the order of the feed.
func (o *stixObjects) addTo(s *sink) error {
	indicated := o.indicated()
	for _, object := range o.indicators() {
		if object.Revoked || object.PatternType != "" && object.PatternType != "stix" {
			s.ignore()
			continue
		}
		prefixes, err := parsePattern(string(object.Pattern))
		if errors.Is(err, errOtherPattern) {
			s.ignore()
			continue
		}
		if err != nil {
			s.skip(object.at, err)
		}
		if len(prefixes) == 0 {
			continue
		}
		d := detail{
			confidence:  int16(parseConfidence(string(object.Confidence))),
			provider:    o.nameOf(object.CreatedBy, provider),
			description: string(cmp.Or(object.Description, object.Name)),
		}
		for _, target := range indicated[object.ID] {
			d.actor = joined(d.actor, o.nameOf(target, actor))
			d.software = joined(d.software, o.nameOf(target, software))
		}
		if err := s.addPrefixes(prefixes, d, validityOf(int64(object.ValidFrom), int64(object.ValidUntil))); err != nil {
			return err
		}
	}
	return nil
}

func (o *stixObjects) indicators() []*stixObject {
	return o.inOrder(func(object *stixObject) bool { return object.Type == "indicator" })
}

// inOrder returns the objects for which which returns true, in the order of the feed.
func (o *stixObjects) inOrder(which func(*stixObject) bool) []*stixObject {
	var list []*stixObject
	for _, object := range o.byID {
		if which(object) {
			list = append(list, object)
		}
	}
	slices.SortFunc(list, func(a, b *stixObject) int { return cmp.Compare(a.at, b.at) })
	return list
}

// indicated returns the ids that each indicator refers to, in the order of the
// relationships in the feed.
func (o *stixObjects) indicated() map[text][]text {
	links := o.inOrder(func(object *stixObject) bool { return object.Relationship == "indicates" && !object.Revoked })
	indicated := map[text][]text{}
	for _, link := range links {
		indicated[link.Source] = append(indicated[link.Source], link.Target)
	}
	return indicated
}

// nameOf returns the name of an object, "" if its role is not as or if it is missing
// or revoked.
func (o *stixObjects) nameOf(id text, as role) string {
	if object := o.byID[id]; object != nil && !object.Revoked && stixTypes[object.Type] == as {
		return string(object.Name)
	}
	return ""
}
