package ingest

import (
	"context"
	"time"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

// The cursors that tell that objects were read while a signal had no pipeline, and how many
// of them to their end. They are committed with the objects' progress.
const (
	logsAway    = "away/logs"
	metricsAway = "away/metrics"
)

// Away is how many objects were read while the receiver was in no pipeline of a signal.
type Away struct{ Logs, Metrics int64 }

// AwayOf returns what earlier runs stored; they were away if it is above 0. Storage of
// versions that stored nothing of it gives 0.
func AwayOf(cursors map[string][]byte) (a Away, err error) {
	for name, n := range map[string]*int64{logsAway: &a.Logs, metricsAway: &a.Metrics} {
		value, ok := cursors[name]
		if !ok {
			continue
		}
		if err := source.DecodeCursor(name, value, n); err != nil {
			return a, err
		}
		*n = max(*n, 1) // one that was begun
	}
	return a, nil
}

// absence counts the objects that are read while a signal has no pipeline.
type absence struct {
	cursor  string
	objects int64 // read to their end, by earlier runs too
}

// beginAbsences goes on counting for the signals that have no pipeline. What was stored of
// logs that are back is removed: the receiver logged it.
func (c *committer) beginAbsences() {
	cursors, parts := c.engine.parts.Progress.Cursors(), &c.engine.parts
	for name, present := range map[string]bool{logsAway: parts.Converter != nil, metricsAway: parts.Metrics != nil} {
		a := absence{cursor: name}
		value, stored := cursors[name]
		if stored {
			_ = source.DecodeCursor(name, value, &a.objects) // AwayOf reported it
		}
		switch {
		case !present:
			c.absences = append(c.absences, a)
		case stored && name == metricsAway:
			c.renew = true
		case stored:
			c.change.Cursor(name, nil)
		}
	}
}

// noteAbsences notes that something of an object was read, and whether all.
func (c *committer) noteAbsences(o *object, done bool) {
	if o.delivered <= o.work.Offset {
		return
	}
	for i := range c.absences {
		a := &c.absences[i]
		if done {
			a.objects++
		}
		c.change.Cursor(a.cursor, source.EncodeCursor(a.objects))
	}
}

// renewTime bounds how long commits wait for the last values of series that end.
const renewTime = 5 * time.Second

// emitDue begins an emission. After the metrics were away, it has the last values of the
// series from before: commits wait for it, and once it is accepted these series end, so
// that a gap does not look like a time without requests. Else it is tried again with the
// next one.
func (c *committer) emitDue(at time.Time) {
	if !c.renew {
		c.emit(at, false)
		return
	}
	if len(c.emitter.requests) > 0 {
		return // an outage may hold up that one, and is not to hold up the commits
	}
	metrics := c.engine.parts.Metrics
	ctx, cancel := context.WithTimeout(c.ctx, renewTime)
	defer cancel()
	c.emitter.limit = ctx
	c.engine.waiting.blockedByMetrics(time.Now())
	c.emit(at, false)
	c.wait()
	c.engine.waiting.blockedByMetrics(time.Time{})
	c.emitter.limit = nil
	if c.broken || c.emitter.worst != Accepted || metrics.Unsettled() {
		return
	}
	metrics.EndAll(time.Now())
	c.change.Cursor(metricsAway, nil)
	if c.storePending(); !c.broken {
		c.renew = false
	}
}
