package ingest

import (
	"context"
	"errors"
	"fmt"

	"go.uber.org/zap"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/lines"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

// attempts is how often an object that cannot be read is tried.
const attempts = 3

// Outcome is what became of an object.
type Outcome string

const (
	OutcomeOK       Outcome = "ok"
	OutcomeGone     Outcome = "gone"
	OutcomeCorrupt  Outcome = "corrupt"
	OutcomeTooLarge Outcome = "too_large"
	OutcomeDenied   Outcome = "denied"
)

// Outcomes lists all there are.
var Outcomes = []Outcome{OutcomeOK, OutcomeGone, OutcomeCorrupt, OutcomeTooLarge, OutcomeDenied}

// disposition is what happens to an object.
type disposition struct {
	outcome Outcome // when it is done
	again   bool    // it is offered again later
	charge  bool    // that counts as one of its attempts
	trouble bool    // the storage, not the object, is what fails: component status
}

// dispose is the one table from the error that ended the reading of an object
// to what happens. attempt is how many charged attempts went before.
func (e *Engine) dispose(err error, attempt int) disposition {
	switch {
	case err == nil:
		e.readSinceDenied.Store(true)
		return disposition{outcome: OutcomeOK}
	case errors.Is(err, context.Canceled):
		return disposition{again: true} // shutdown
	case errors.Is(err, source.ErrGone), errors.Is(err, source.ErrChanged):
		return disposition{outcome: OutcomeGone} // what it changed into is an object of its own
	case errors.Is(err, lines.ErrTooLarge):
		return limited(OutcomeTooLarge, attempt)
	case errors.Is(err, lines.ErrCorrupt), errors.Is(err, lines.ErrNotText):
		return limited(OutcomeCorrupt, attempt)
	case errors.Is(err, source.ErrDenied):
		// Denied while others work is a fault of the object; denied like all
		// others is a permission that is missing for now.
		if e.readSinceDenied.Swap(false) {
			return limited(OutcomeDenied, attempt)
		}
		return disposition{again: true, trouble: true}
	default:
		return disposition{again: true, trouble: true}
	}
}

// limited gives an object up after the last attempt.
func limited(o Outcome, attempt int) disposition {
	if attempt+1 < attempts {
		return disposition{again: true, charge: true}
	}
	return disposition{outcome: o}
}

// report tells the operator: once for an object that is given up, by the
// component's status while the storage fails.
func (e *Engine) report(o *object, err error, d disposition) {
	switch {
	case d.trouble:
		e.status(ConcernObjects, fmt.Errorf("reading %s: %w", o.work.Object.URI(), err))
	case err == nil:
		e.status(ConcernObjects, nil)
	case !d.again && d.outcome != OutcomeGone:
		e.log.Warn("object given up; the records before the fault stand",
			zap.String("object", o.work.Object.URI()),
			zap.String("outcome", string(d.outcome)),
			zap.Int64("offset", o.committed),
			zap.Error(err))
	}
}
