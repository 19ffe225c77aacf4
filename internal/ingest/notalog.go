package ingest

import (
	"time"

	"go.uber.org/zap"
)

const (
	// maxNotLogs is how many objects that are no logs are named in an interval: where one
	// is, all may be, and there is no bound on how many are announced.
	maxNotLogs      = 100
	notLogsInterval = time.Minute
)

// notLogs counts the warnings about objects that are no logs.
type notLogs struct {
	begin          time.Time // of the interval
	named, unnamed int       // in it
}

// isNoLog reports whether an object that was read to its end held records, none of them
// well-formed. Of one that was resumed the records before are not known: it is taken for
// a log. The records of an object that is none are emitted as any malformed ones.
func (o *object) isNoLog() bool {
	return o.work.Offset == 0 && o.malformed.Load() > 0 && o.wellFormed.Load() == 0
}

// reportNotALog logs an object that is no log, up to maxNotLogs in an interval; the next
// one after that says how many were left out.
func (e *Engine) reportNotALog(o *object) {
	n := &e.notLogs
	now := time.Now()
	if now.Sub(n.begin) >= notLogsInterval {
		n.begin, n.named = now, 0
	}
	if n.named == maxNotLogs {
		n.unnamed++
		return
	}
	n.named++
	fields := []zap.Field{zap.Int64("malformed_records", o.malformed.Load())}
	if n.unnamed > 0 {
		fields = append(fields, zap.Int("others_not_named", n.unnamed))
		n.unnamed = 0
	}
	e.parts.Log.Warn(o.work.Object.URI()+" holds no access log: "+e.parts.NotALogHint, fields...)
}
