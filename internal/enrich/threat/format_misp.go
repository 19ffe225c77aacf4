package threat

import (
	"bufio"
	"encoding/json"
	"errors"
	"slices"
	"strings"
)

// mispFormat is MISP's export format: an event, a list of events under "response",
// or a list of attributes. An attribute is an indicator if it is an address and
// marked for detection (to_ids). Its galaxies and tags, or else its event's, name
// actor and malware.
var mispFormat = format{
	name: "misp",
	detect: func(h *head, _ *Feed) bool {
		return h.has(1, 4, "Attribute") || h.has(1, 3, "Event")
	},
	decode: decodeMISP,
}

var mispTypes = []string{"ip-src", "ip-dst", "ip-src|port", "ip-dst|port"}

type mispTag struct {
	Name text `json:"name"`
}

type mispGalaxy struct {
	Type    text `json:"type"`
	Cluster []struct {
		Type  text `json:"type"`
		Value text `json:"value"`
	} `json:"GalaxyCluster"`
}

type mispAttribute struct {
	Type    text          `json:"type"`
	Value   text          `json:"value"`
	IDS     text          `json:"to_ids"`
	Deleted text          `json:"deleted"`
	Comment text          `json:"comment"`
	Tags    []mispTag     `json:"Tag"`
	Galaxy  []mispGalaxy  `json:"Galaxy"`
	Event   *mispEventRef `json:"Event"` // in a list of attributes without events
}

type mispEventRef struct {
	Info text `json:"info"`
	Orgc struct {
		Name text `json:"name"`
	} `json:"Orgc"`
}

// mispIndicator is an attribute that is kept until the end of its event, whose
// tags may follow the attributes.
type mispIndicator struct {
	at    int
	value string
	detail
}

// mispEvent has the details of an event that apply to its attributes.
type mispEvent struct {
	detail
	indicators []mispIndicator
}

type mispReader struct {
	d  *json.Decoder
	s  *sink
	at int // number of attributes read
}

func decodeMISP(r *bufio.Reader, s *sink) error {
	m := &mispReader{d: newDecoder(r), s: s}
	return m.value(&mispEvent{detail: detail{confidence: unknown}})
}

// value reads an event, or an array or object that contains events.
func (m *mispReader) value(e *mispEvent) error {
	t, err := m.d.Token()
	if err != nil {
		return err
	}
	switch t {
	case json.Delim('['):
		for m.d.More() {
			if err := m.value(&mispEvent{detail: detail{confidence: unknown}}); err != nil {
				return err
			}
		}
		_, err = m.d.Token()
		return err
	case json.Delim('{'):
		if err := eachKey(m.d, func(key string) error { return m.member(e, key) }); err != nil {
			return err
		}
		return m.flush(e)
	}
	return nil
}

func (m *mispReader) member(e *mispEvent, key string) error {
	switch key {
	case "response", "Event":
		return m.value(&mispEvent{detail: detail{confidence: unknown}})
	case "Attribute":
		return eachElement(m.d, func() error { return m.attribute(e) })
	case "Object":
		return eachElement(m.d, func() error { return m.object(e) })
	case "info":
		var info text
		err := m.d.Decode(&info)
		e.description = string(info)
		return err
	case "Orgc":
		var org mispTag
		_, err := decodeEntry(m.d, &org)
		e.provider = string(org.Name)
		return err
	case "Tag":
		var tags []mispTag
		_, err := decodeEntry(m.d, &tags)
		e.addTags(tags)
		return err
	case "Galaxy":
		var galaxies []mispGalaxy
		_, err := decodeEntry(m.d, &galaxies)
		e.addGalaxies(galaxies)
		return err
	}
	return skipValue(m.d)
}

// object reads an object of an event. Its attributes are treated as the event's own.
func (m *mispReader) object(e *mispEvent) error {
	if t, err := m.d.Token(); err != nil || t != json.Delim('{') {
		return errors.Join(err, errNotObject)
	}
	return eachKey(m.d, func(key string) error {
		if key == "Attribute" {
			return eachElement(m.d, func() error { return m.attribute(e) })
		}
		return skipValue(m.d)
	})
}

var errNotObject = errors.New("an Object that is no object")

func (m *mispReader) attribute(e *mispEvent) error {
	m.at++
	var a mispAttribute
	bad, err := decodeEntry(m.d, &a)
	if err != nil {
		return err
	}
	if bad != nil {
		m.s.skip(m.at, bad)
		return nil
	}
	if !slices.Contains(mispTypes, string(a.Type)) || isFalse(a.IDS) || a.Deleted != "" && !isFalse(a.Deleted) {
		m.s.ignore()
		return nil
	}
	value, _, _ := strings.Cut(string(a.Value), "|") // a port follows
	i := mispIndicator{at: m.at, value: value, detail: detail{confidence: unknown, description: string(a.Comment)}}
	if a.Event != nil {
		i.provider = string(a.Event.Orgc.Name)
		if i.description == "" {
			i.description = string(a.Event.Info)
		}
	}
	i.addTags(a.Tags)
	i.addGalaxies(a.Galaxy)
	e.indicators = append(e.indicators, i)
	return nil
}

func isFalse(t text) bool { return t == "false" || t == "0" }

// flush adds the indicators of a completely read event to the sink.
func (m *mispReader) flush(e *mispEvent) error {
	for i := range e.indicators {
		in := &e.indicators[i]
		d := in.detail
		if d.confidence == unknown {
			d.confidence = e.confidence
		}
		if d.actor == "" {
			d.actor = e.actor
		}
		if d.software == "" {
			d.software = e.software
		}
		if d.provider == "" {
			d.provider = e.provider
		}
		if d.description == "" {
			d.description = e.description
		}
		if err := m.s.add(in.at, in.value, d, validity{}); err != nil {
			return err
		}
	}
	return nil
}
