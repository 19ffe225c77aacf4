package rollup

import (
	"encoding/binary"
	"maps"
	"math"
	"strings"
	"sync"
	"sync/atomic"
	"unicode/utf8"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/accesslog"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/enrich"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/redact"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/wire"
)

// maxText is how many bytes of an attribute's value are kept: what a client sends is
// not bounded otherwise.
const maxText = 1 << 10

// overflowName is the attribute of the series beyond the limit. Source: the
// OpenTelemetry metrics SDK specification, "cardinality limits".
const overflowName = "otel.metric.overflow"

// key is one set of values of a group's attributes. Only cell changes.
type key struct {
	group    *group
	values   string // encoded
	overflow bool   // it stands for all keys beyond the limit
	cell     *cell  // what is committed under it, or nil; belongs to State
}

// appendValues appends the encoded values of a subject's attributes.
func (g *group) appendValues(b []byte, s *subject) []byte {
	for i := range g.attributes {
		a := &g.attributes[i]
		if a.text == nil {
			b = binary.AppendVarint(b, a.number(s))
			continue
		}
		if a.bytes != nil {
			text := a.bytes(s)
			b = wire.AppendString(b, text[:min(len(text), maxText)])
			continue
		}
		text := a.text(s)
		b = wire.AppendString(b, text[:min(len(text), maxText)])
	}
	return b
}

// appendTo appends the key of a new cell.
func (k *key) appendTo(b []byte) []byte {
	if k.overflow {
		return append(b, ofNewOverflow)
	}
	return wire.AppendString(append(b, ofNewCell), k.values)
}

// appendClean appends the encoded values with all texts in valid UTF-8 and, if there
// is a cleaner, without credentials. That may make texts longer, so they are cut again.
func (g *group) appendClean(b []byte, s *subject, cleaner func(string, redact.Rule) string) []byte {
	if cleaner == nil {
		cleaner = asItIs
	}
	if g.requester {
		s = s.withCleanNames(cleaner)
	}
	for i := range g.attributes {
		a := &g.attributes[i]
		if a.text == nil {
			b = binary.AppendVarint(b, a.number(s))
			continue
		}
		if a.shown != nil {
			b = wire.AppendString(b, a.shown(s, cleaner))
			continue
		}
		text := a.text(s)
		text = cleaner(text[:min(len(text), maxText)], a.rule)
		b = wire.AppendString(b, cut(strings.ToValidUTF8(text, string(utf8.RuneError))))
	}
	return b
}

func asItIs(text string, _ redact.Rule) string { return text }

// withCleanNames returns the subject with the names of a clean requester, since a
// secret may be split as an ARN is.
func (s *subject) withCleanNames(cleaner func(string, redact.Rule) string) *subject {
	shown := cleaner(s.record.Requester, redact.Value)
	if shown == s.record.Requester {
		return s
	}
	clean, of := *s, accesslog.ParseRequester(shown)
	clean.requester.UserName, clean.requester.SessionName = of.UserName, of.SessionName
	return &clean
}

// cut returns the first maxText bytes of a text, as accesslog.CutText does.
func cut(text string) string { return accesslog.CutText(text, maxText) }

// valid reports whether stored values fit this group.
func (g *group) valid(values string) bool {
	r := wire.NewReader([]byte(values))
	for i := range g.attributes {
		if g.attributes[i].text == nil {
			r.Varint()
		} else if text := r.Bytes(); len(text) > maxText || !utf8.Valid(text) {
			return false
		}
	}
	return r.End() == nil
}

// attributesOf sets the attributes of a point of a stream.
func (k *key) attributesOf(s *stream, to pcommon.Map) {
	if k.overflow {
		to.PutBool(overflowName, true)
		return
	}
	to.EnsureCapacity(len(k.group.attributes) + 1)
	r := wire.NewReader([]byte(k.values))
	for i := range k.group.attributes {
		a := &k.group.attributes[i]
		if a.text != nil {
			if text := r.String(); text != "" {
				a.putText(to, text)
			}
		} else if n := r.Varint(); n != accesslog.Absent {
			a.putNumber(to, n)
		}
	}
	if s.direction != "" {
		to.PutStr(direction, s.direction)
	}
}

func (a *Attribute) putText(to pcommon.Map, text string) {
	if a.Type != typeList {
		to.PutStr(a.Name, text)
		return
	}
	list := to.PutEmptySlice(a.Name)
	for word := range strings.SplitSeq(text, string(enrich.FeedSeparator)) {
		list.AppendEmpty().SetStr(word)
	}
}

func (a *Attribute) putNumber(to pcommon.Map, n int64) {
	switch a.Type {
	case typeBool:
		to.PutBool(a.Name, n == 1)
	case typeDouble:
		to.PutDouble(a.Name, math.Float64frombits(uint64(n)))
	default:
		to.PutInt(a.Name, n)
	}
}

// keys holds the keys of a group, for all counters and the state.
type keys struct {
	group    *group
	limit    int
	overflow *key

	mu       sync.RWMutex // guards byValues
	byValues map[string]*key
	removals atomic.Uint64 // grows when there may be room again
}

func newKeys(g *group, limit int) *keys {
	return &keys{
		group: g, limit: limit, byValues: make(map[string]*key),
		overflow: &key{group: g, overflow: true},
	}
}

// intern returns the key with these values: the existing one, a new one, or the
// overflow's when the limit is reached.
func (k *keys) intern(values []byte) *key {
	k.mu.RLock()
	found, full := k.byValues[string(values)], len(k.byValues) >= k.limit
	k.mu.RUnlock()
	switch {
	case found != nil:
		return found
	case full:
		return k.overflow
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if found = k.byValues[string(values)]; found != nil {
		return found
	}
	if len(k.byValues) >= k.limit {
		return k.overflow
	}
	return k.insert(string(values))
}

// adopt returns the key for one that a counter holds, which may have been removed
// since the counter got it.
func (k *keys) adopt(held *key) *key {
	if held.overflow {
		return held
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if found := k.byValues[held.values]; found != nil {
		return found
	}
	if len(k.byValues) >= k.limit {
		return k.overflow
	}
	k.byValues[held.values] = held
	return held
}

// restore returns the key with these stored values, whatever the limit is now.
func (k *keys) restore(values string) *key {
	k.mu.Lock()
	defer k.mu.Unlock()
	if found := k.byValues[values]; found != nil {
		return found
	}
	return k.insert(values)
}

// insert needs mu.
func (k *keys) insert(values string) *key {
	made := &key{group: k.group, values: values}
	k.byValues[values] = made
	return made
}

// remove removes a key whose cell is removed. The overflow's stays.
func (k *keys) remove(gone *key) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !gone.overflow {
		delete(k.byValues, gone.values)
		k.removals.Add(1)
	}
}

// sweep removes the keys without a cell: all that was counted under them went to the
// overflow. A counter may bring them back; see adopt.
func (k *keys) sweep() {
	k.mu.Lock()
	defer k.mu.Unlock()
	before := len(k.byValues)
	maps.DeleteFunc(k.byValues, func(_ string, k *key) bool { return k.cell == nil })
	k.removals.Add(uint64(before - len(k.byValues)))
}
