package listing

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

// notes gathers what is to be committed. It is safe for concurrent use.
type notes struct {
	mu     sync.Mutex // guards everything below
	change source.Change
}

// cursor notes a cursor's value; nil removes it.
func (n *notes) cursor(name string, value []byte) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.change.Cursors == nil {
		n.change.Cursors = map[string][]byte{}
	}
	n.change.Cursors[name] = value
}

// done notes an object that was not handed out.
func (n *notes) done(group string, id source.ID) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.change.Done == nil {
		n.change.Done = map[string][]source.ID{}
	}
	n.change.Done[group] = append(n.change.Done[group], id)
}

func (n *notes) forget(group string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if !slices.Contains(n.change.Forget, group) {
		n.change.Forget = append(n.change.Forget, group)
	}
}

// take returns what was noted since it was called last.
func (n *notes) take() source.Change {
	n.mu.Lock()
	defer n.mu.Unlock()
	c := n.change
	n.change = source.Change{}
	return c
}

// storedDay is a day in a cursor.
type storedDay struct{ day }

// MarshalText implements encoding.TextMarshaler.
func (d storedDay) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *storedDay) UnmarshalText(text []byte) error {
	parsed, rest, ok := cutDay(string(text))
	if !ok || rest != "" {
		return fmt.Errorf("%q is not a day", text)
	}
	d.day = parsed
	return nil
}

// storedStart is the cursor of a startPoint.
type storedStart struct {
	At       time.Time `json:"at,omitzero"`
	Modified bool      `json:"modified,omitempty"`
	Day      storedDay `json:"day"`
}

// storedPrefix is the cursor of a prefix.
type storedPrefix struct {
	Window storedDay    `json:"window"`
	Open   []storedSpan `json:"open,omitempty"`
}

type storedSpan struct {
	From string    `json:"from,omitempty"`
	To   storedDay `json:"to"`
	Seen string    `json:"seen,omitempty"` // see span.seenBefore
}

const (
	startName = "start"
	namesName = "names" // of the simple layout's prefix
)

// cursorName is the name of a prefix's cursor.
func (s *Source) cursorName(base string) string {
	if base == s.cfg.Prefix {
		return s.cursors() + namesName
	}
	return s.cursors() + strings.TrimSuffix(base[len(s.cfg.Prefix):], "/")
}

// cursors is the prefix of all cursor names.
func (s *Source) cursors() string { return "listing/" + s.cfg.Name + "/" + s.cfg.Prefix + ":" }

// note notes a prefix's cursor.
func (s *Source) note(p *prefix) {
	if p.gone {
		return
	}
	c := storedPrefix{Window: storedDay{p.window}}
	for _, sp := range p.spans {
		c.Open = append(c.Open, storedSpan{From: sp.from, To: storedDay{sp.to}, Seen: max(sp.seenBefore, sp.at)})
	}
	s.notes.cursor(s.cursorName(p.base), source.EncodeCursor(c))
}

// restore restores what was committed, or starts as Config.StartFrom says.
func (s *Source) restore(now time.Time) error {
	s.today, s.first = dayOf(now), dayOf(now.Add(-s.cfg.Lookback))
	s.backlog.restore(s.deps.Progress.Groups())
	cursors := s.deps.Progress.Cursors()
	if err := s.restoreStart(cursors, now); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(cursors)) {
		rest, ours := strings.CutPrefix(name, s.cursors())
		if !ours || rest == startName {
			continue
		}
		var stored storedPrefix
		if err := source.DecodeCursor(name, cursors[name], &stored); err != nil {
			return err
		}
		switch {
		case rest == namesName:
			if s.cfg.Layout != Partitioned {
				s.addPrefix(s.cfg.Prefix, &stored, now)
			}
		case s.cfg.Layout != Simple:
			s.addPrefix(s.cfg.Prefix+rest+"/", &stored, now)
		}
	}
	if s.cfg.Layout != Partitioned && s.prefixes[s.cfg.Prefix] == nil {
		s.addPrefix(s.cfg.Prefix, nil, now)
	}
	if s.cfg.Layout != Simple {
		s.start(&find{source: s}, rankFind, now)
	}
	return nil
}

// restoreStart restores start_from as it was resolved at the first start.
func (s *Source) restoreStart(cursors map[string][]byte, now time.Time) error {
	name := s.cursors() + startName
	value, stored := cursors[name]
	if !stored {
		start, err := parseStart(s.cfg.StartFrom)
		if err != nil {
			return err
		}
		s.from = start.resolve(now, s.cfg.Lookback)
		s.notes.cursor(name, source.EncodeCursor(storedStart{s.from.at, s.from.modified, storedDay{s.from.day}}))
		return nil
	}
	var start storedStart
	if err := source.DecodeCursor(name, value, &start); err != nil {
		return err
	}
	s.from = startPoint{at: start.At, modified: start.Modified, day: start.Day.day}
	return nil
}
