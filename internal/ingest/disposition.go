package ingest

import (
	"context"
	"errors"
	"time"

	"go.uber.org/zap"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/lines"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

const (
	// attempts is the number of attempts to read an object.
	attempts = 3
	// maxDenials is as many messages as SQS keeps in flight, and far above the number of
	// objects that other sources keep to offer again.
	maxDenials = 120_000
)

// ObjectOutcome is what became of an object.
type ObjectOutcome string

const (
	OutcomeOK       ObjectOutcome = "ok"
	OutcomeGone     ObjectOutcome = "gone"
	OutcomeCorrupt  ObjectOutcome = "corrupt"
	OutcomeTooLarge ObjectOutcome = "too_large"
	OutcomeDenied   ObjectOutcome = "denied"
	OutcomeArchived ObjectOutcome = "archived"
	OutcomeNotALog  ObjectOutcome = "not_a_log" // read to its end, without one well-formed record
	// OutcomeUnreachable is only that of an object which a queue's redrive policy takes
	// away while the storage fails.
	OutcomeUnreachable ObjectOutcome = "unreachable"
)

// disposition is what happens to an object.
type disposition struct {
	outcome       ObjectOutcome  // when it is done, or left
	retry         bool           // the object is offered again later
	left          bool           // with retry: it is reported now, as left to a queue's redrive policy
	charge        bool           // this counts as one of its attempts
	storageFailed bool           // the storage fails, not the object: component status
	replacement   *source.Object // with retry: what is offered instead; nil means the object itself
}

// dispose is the one table from the error that ended the reading of an object to what
// happens. attempt is the number of earlier attempts; others says whether other
// objects of its bucket could be opened since this one was first denied.
func dispose(err error, attempt int, others bool) disposition {
	var overwritten *source.OverwrittenError
	switch {
	case err == nil:
		return disposition{outcome: OutcomeOK}
	case errors.Is(err, context.Canceled):
		return disposition{retry: true} // shutdown, or a queue's message was returned
	case errors.As(err, &overwritten):
		return disposition{retry: true, replacement: &overwritten.Now}
	case errors.Is(err, source.ErrGone), errors.Is(err, source.ErrChanged):
		return disposition{outcome: OutcomeGone}
	case errors.Is(err, source.ErrArchived):
		return disposition{outcome: OutcomeArchived} // until somebody restores it
	case errors.Is(err, lines.ErrTooLarge):
		return disposition{outcome: OutcomeTooLarge} // this version stays too large
	case errors.Is(err, lines.ErrCorrupt), errors.Is(err, lines.ErrNotText):
		return limited(OutcomeCorrupt, attempt)
	case errors.Is(err, source.ErrDenied) && others:
		// Denied while others can be read: a fault of the object. Denied like all
		// others: a permission is missing for now.
		return limited(OutcomeDenied, attempt)
	default:
		return disposition{retry: true, storageFailed: true}
	}
}

// disposeRetrial is what happens to an object that was given up before: it is given up
// again at the first error of its own.
func disposeRetrial(err error) disposition {
	return dispose(err, attempts, true)
}

// limited gives an object up after the last attempt.
func limited(o ObjectOutcome, attempt int) disposition {
	if attempt+1 < attempts {
		return disposition{retry: true, charge: true}
	}
	return disposition{outcome: o}
}

// leave changes what happens to an object whose attempts a queue's redrive policy ends:
// it is offered again as long as that allows, and reported once, at its third charged
// failure or, before that, at the last offer.
func (d disposition) leave(err error, attempt int, last bool) disposition {
	switch {
	case d.outcome == OutcomeCorrupt, d.outcome == OutcomeDenied:
		d.retry, d.charge = true, true
		d.left = attempt+1 == attempts
	case last && d.retry && d.replacement == nil && !errors.Is(err, context.Canceled):
		d.left, d.outcome = true, leftAs(err)
	}
	return d
}

// leftAs is the outcome of an object that is left after its last offer.
func leftAs(err error) ObjectOutcome {
	switch {
	case errors.Is(err, source.ErrDenied):
		return OutcomeDenied
	case errors.Is(err, lines.ErrCorrupt), errors.Is(err, lines.ErrNotText):
		return OutcomeCorrupt
	}
	return OutcomeUnreachable
}

// denials remembers, for each object that was denied, how many objects of its bucket had
// been opened by then.
type denials map[source.ID]int64

// others reports whether more objects were opened since an object was first denied,
// which is now if it is new, and the number of earlier attempts: the first denial is
// not charged until other objects are known to work. A file can be denied alone:
// there, any file that could be opened counts.
func (d denials) others(o *source.Work, opened int64) (others bool, attempts int) {
	if o.Object.Bucket == "" {
		return opened > 0, o.Attempt
	}
	first, known := d[o.ID]
	if !known {
		for other := range d { // objects of a queue may go to another collector, unseen
			if len(d) < maxDenials {
				break
			}
			delete(d, other)
		}
		d[o.ID] = opened
		return false, o.Attempt
	}
	return opened > first, o.Attempt + 1
}

// givenUp reports whether an object is done, there, and not read to its end.
func (end *ending) givenUp() bool {
	return end.err != nil && !end.what.retry && (end.what.outcome != OutcomeGone || errors.Is(end.err, source.ErrChanged))
}

// report logs an object that is given up or left, and reports a failing storage as the
// component's status.
func (e *Engine) report(end ending) {
	// The log drops messages that are equal, whatever their fields.
	warn := func(message string) {
		e.parts.Log.Warn(message+": "+end.object.work.Object.URI(),
			zap.String("outcome", string(end.what.outcome)),
			zap.Int64("offset", end.object.delivered),
			zap.Error(end.err))
	}
	if end.what.left {
		warn("object cannot be read and its message is left to the queue's redrive policy, the records before the fault stand")
	}
	bucket := end.object.work.Object.Bucket
	if end.what.storageFailed {
		e.parts.Status(ConcernObjects.Of(e.failing.fail(bucket, time.Now())), end.err)
		return
	}
	if !errors.Is(end.err, context.Canceled) {
		for _, recovered := range e.failing.recover(bucket, time.Now()) {
			e.parts.Status(ConcernObjects.Of(recovered), nil) // the storage answers, whatever it says of this object
		}
	}
	if end.what.replacement != nil && end.object.delivered > 0 {
		e.parts.Log.Warn("object was overwritten before it was read to its end; it is read anew from its beginning, and the records of before stand",
			zap.String("object", end.object.work.Object.URI()),
			zap.Int64("offset", end.object.delivered),
			zap.Error(end.err))
	}
	if end.what.outcome == OutcomeArchived {
		return // its source tells
	}
	if end.what.outcome == OutcomeNotALog {
		e.reportNotALog(end.object)
	}
	if end.givenUp() {
		warn("object given up, the records before the fault stand")
	}
}
