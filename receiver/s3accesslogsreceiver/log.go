package s3accesslogsreceiver

import (
	"sync"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/display"
)

// maxLogText bounds a text in the log or the status, in bytes: a message of a queue may
// name a key of 256 KiB.
const maxLogText = 16 << 10

// escape makes a text with foreign parts, such as a key, safe to print on one line.
func escape(text string) string { return display.Line(text, maxLogText) }

// escaping returns a logger that escapes messages and fields.
func escaping(log *zap.Logger) *zap.Logger {
	return log.WithOptions(zap.WrapCore(func(c zapcore.Core) zapcore.Core { return escapingCore{c} }))
}

// sampled returns a logger that passes ten equal messages per minute: objects and back
// ends must not flood the collector's log. Fields are not compared, here as in the
// collector's own sampling, so messages about single objects contain their name.
func sampled(log *zap.Logger) *zap.Logger {
	return log.WithOptions(zap.WrapCore(func(c zapcore.Core) zapcore.Core {
		return zapcore.NewSamplerWithOptions(c, time.Minute, 10, 0)
	}))
}

// fewLines logs what is to be known of single buckets, of which there may be thousands.
type fewLines struct {
	log   *zap.Logger
	clock clock

	mu    sync.Mutex // guards everything below
	begun time.Time  // of the minute
	lines int        // in it
}

// maxBucketLines is how many lines there are a minute.
const maxBucketLines = 100

// notice logs a line, or once a minute that lines are left out.
func (f *fewLines) notice(warn bool, text string) {
	f.mu.Lock()
	now := f.clock.Now()
	if now.Sub(f.begun) >= time.Minute {
		f.begun, f.lines = now, 0
	}
	f.lines++
	lines := f.lines
	f.mu.Unlock()
	log := f.log.Info
	if warn {
		log = f.log.Warn
	}
	switch {
	case lines <= maxBucketLines:
		log(text)
	case lines == maxBucketLines+1:
		f.log.Info("further lines about single buckets are left out for a minute")
	}
}

// escapingCore is a core that escapes messages and fields.
type escapingCore struct{ zapcore.Core }

// With implements zapcore.Core.
func (s escapingCore) With(fields []zap.Field) zapcore.Core {
	return escapingCore{s.Core.With(escapeFields(fields))}
}

// Check implements zapcore.Core. The core below decides on the escaped message.
func (s escapingCore) Check(e zapcore.Entry, checked *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	e.Message = escape(e.Message)
	below := s.Core.Check(e, nil)
	if below == nil {
		return checked
	}
	return checked.AddCore(e, accepted{s.Core, below})
}

// accepted is a core for one entry that the core below has accepted.
type accepted struct {
	zapcore.Core
	below *zapcore.CheckedEntry
}

// Write implements zapcore.Core.
func (a accepted) Write(e zapcore.Entry, fields []zap.Field) error {
	e.Message = escape(e.Message)
	a.below.Entry = e // with the caller and the stack, which are found after Check
	a.below.Write(escapeFields(fields)...)
	return nil
}

func escapeFields(fields []zap.Field) []zap.Field {
	all := make([]zap.Field, len(fields))
	for i, f := range fields {
		all[i] = escapeField(f)
	}
	return all
}

func escapeField(f zap.Field) zap.Field {
	switch f.Type {
	case zapcore.StringType:
		return zap.String(f.Key, escape(f.String))
	case zapcore.ErrorType, zapcore.StringerType, zapcore.ByteStringType, zapcore.ArrayMarshalerType:
		encoder := zapcore.NewMapObjectEncoder()
		f.AddTo(encoder)
		return zap.Any(f.Key, escapeValue(encoder.Fields[f.Key]))
	default: // a number, a time
		return f
	}
}

func escapeValue(value any) any {
	switch value := value.(type) {
	case string:
		return escape(value)
	case []any:
		for i := range value {
			value[i] = escapeValue(value[i])
		}
	}
	return value
}
