package otlplogs

import (
	"math"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/xpdata"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/accesslog"
)

// kind is the type of an attribute.
type kind uint8

const (
	kindText   kind = iota
	kindNumber      // a bool is a number, 0 or 1, until it is built
	kindFlag
	kindDouble // the number is its bits
	kindList   // of the one text
	kindWords  // the text's words, which the character with this number separates
	kindNone   // an excluded attribute
)

// value is the value of one attribute.
type value struct {
	name   string
	text   string
	number int64
	kind   kind
}

// values is the attributes of one record before they are built, so that what
// concerns every value has one place: redaction, repair, size, cutting, the number
// of them. It is meant to be on the stack, where it costs no allocation and no
// write barriers.
type values struct {
	size     int // bytes, as attributes of a record; see size.go
	n        int
	excluded int       // how many of the n are of kindNone
	items    [96]value // more than any mapping has lines and parameters
	// describing makes absent values count too.
	describing bool
}

// all returns the values so far.
func (v *values) all() []value { return v.items[:v.n] }

func (v *values) add(next value) {
	v.items[v.n] = next
	v.n++
	v.size += next.size()
}

// text, number and flag do what add does without copying a whole value and
// looking at its kind: nearly all values are theirs.

// text adds a string.
func (v *values) text(name, text string) {
	if text == "" && !v.describing {
		return
	}
	next := &v.items[v.n]
	next.name, next.text = name, text
	v.n++
	v.size += textSize(len(name) + len(text))
}

// number adds an int.
func (v *values) number(name string, number int64) {
	if number == accesslog.Absent && !v.describing {
		return
	}
	next := &v.items[v.n]
	next.name, next.number, next.kind = name, number, kindNumber
	v.n++
	v.size += numberSize(name, number)
}

// flag adds a bool.
func (v *values) flag(name string, set, present bool) {
	if !present && !v.describing {
		return
	}
	next := &v.items[v.n]
	next.name, next.kind = name, kindFlag
	if set {
		next.number = 1
	}
	v.n++
	v.size += attributeSize(name, 2)
}

// list adds a list of the one text.
func (v *values) list(name, text string) {
	if text != "" || v.describing {
		v.add(value{name: name, kind: kindList, text: text})
	}
}

// words adds a list of the words of text, which single separators separate.
func (v *values) words(name, text string, separator rune) {
	if text != "" || v.describing {
		v.add(value{name: name, kind: kindWords, text: text, number: int64(separator)})
	}
}

// double adds a double.
func (v *values) double(name string, number float64, present bool) {
	if present || v.describing {
		v.add(value{name: name, kind: kindDouble, number: int64(math.Float64bits(number))})
	}
}

// change replaces every text by what f makes of it.
func (v *values) change(f func(string) string) {
	old := v.all()
	v.n, v.size = 0, 0
	for _, next := range old {
		next.text = f(next.text)
		v.add(next)
	}
}

// build makes v the attributes m. It is the only place that uses MapBuilder,
// which is experimental: unlike Map.PutStr it does not look for an equal name
// among those before, and no mapping has one name twice.
func (v *values) build(builder *xpdata.MapBuilder, m pcommon.Map) {
	builder.EnsureCapacity(v.n - v.excluded)
	for i := range v.all() {
		from := &v.items[i]
		if from.kind == kindNone {
			continue
		}
		to := builder.AppendEmpty(from.name)
		switch from.kind {
		case kindText:
			to.SetStr(from.text)
		case kindNumber:
			to.SetInt(from.number)
		case kindFlag:
			to.SetBool(from.number != 0)
		case kindDouble:
			to.SetDouble(math.Float64frombits(uint64(from.number)))
		case kindList:
			slice := to.SetEmptySlice()
			slice.EnsureCapacity(1)
			slice.AppendEmpty().SetStr(from.text)
		case kindWords:
			slice := to.SetEmptySlice()
			separator := string(rune(from.number))
			slice.EnsureCapacity(strings.Count(from.text, separator) + 1)
			for word := range strings.SplitSeq(from.text, separator) {
				slice.AppendEmpty().SetStr(word)
			}
		}
	}
	builder.UnsafeIntoMap(m)
}
