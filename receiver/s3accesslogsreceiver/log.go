package s3accesslogsreceiver

import (
	"fmt"
	"strings"
	"time"
	"unicode"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// maxShown is where a text in the log or the status ends: a message of a queue may
// name a key of 256 KiB.
const maxShown = 16 << 10

// show makes a text that may hold what others chose, such as a key, fit to be
// read by people: what would move, hide or reverse its surroundings in a terminal
// stands as \u{..}, in one line.
func show(text string) string {
	var b strings.Builder
	for _, r := range text { // what is no UTF-8 comes as U+FFFD
		if b.Len() >= maxShown {
			b.WriteString("...")
			break
		}
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029' {
			fmt.Fprintf(&b, `\u{%x}`, r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// shown lets a logger show all that it is given.
func shown(log *zap.Logger) *zap.Logger {
	return log.WithOptions(zap.WrapCore(func(c zapcore.Core) zapcore.Core { return showing{c} }))
}

// boundedRate lets ten equal messages through a minute: what an object or a
// back end brings about must not flood the collector's own log. Fields do not
// count, here as in the collector's own sampling: what is to be told of each object
// has its name in the message.
func boundedRate(log *zap.Logger) *zap.Logger {
	return log.WithOptions(zap.WrapCore(func(c zapcore.Core) zapcore.Core {
		return zapcore.NewSamplerWithOptions(c, time.Minute, 10, 0)
	}))
}

// showing is a core that shows messages and fields.
type showing struct{ zapcore.Core }

// With implements zapcore.Core.
func (s showing) With(fields []zap.Field) zapcore.Core {
	return showing{s.Core.With(showFields(fields))}
}

// Check implements zapcore.Core. The core below decides, by what it will be given.
func (s showing) Check(e zapcore.Entry, checked *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	e.Message = show(e.Message)
	below := s.Core.Check(e, nil)
	if below == nil {
		return checked
	}
	return checked.AddCore(e, accepted{s.Core, below})
}

// accepted is a core for one entry, which the core below has accepted.
type accepted struct {
	zapcore.Core
	below *zapcore.CheckedEntry
}

// Write implements zapcore.Core.
func (a accepted) Write(e zapcore.Entry, fields []zap.Field) error {
	e.Message = show(e.Message)
	a.below.Entry = e // with the caller and the stack, which are found after Check
	a.below.Write(showFields(fields)...)
	return nil
}

func showFields(fields []zap.Field) []zap.Field {
	all := make([]zap.Field, len(fields))
	for i, f := range fields {
		all[i] = showField(f)
	}
	return all
}

func showField(f zap.Field) zap.Field {
	switch f.Type {
	case zapcore.StringType:
		return zap.String(f.Key, show(f.String))
	case zapcore.ErrorType, zapcore.StringerType, zapcore.ByteStringType, zapcore.ArrayMarshalerType:
		encoder := zapcore.NewMapObjectEncoder()
		f.AddTo(encoder)
		return zap.Any(f.Key, showValue(encoder.Fields[f.Key]))
	default: // a number, a time
		return f
	}
}

func showValue(value any) any {
	switch value := value.(type) {
	case string:
		return show(value)
	case []any:
		for i := range value {
			value[i] = showValue(value[i])
		}
	}
	return value
}
