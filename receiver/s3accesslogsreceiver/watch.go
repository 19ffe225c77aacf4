package s3accesslogsreceiver

import (
	"fmt"
	"time"

	"go.uber.org/zap"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/headway"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/ingest"
)

// watchInterval is how often a run is looked at.
const watchInterval = time.Second

// watch tells how far a run has come and what it waits for, until stop is called, which
// waits for its end. settled says that everything was accepted.
func (r *s3Receiver) watch(x *run, p *position) (stop func(settled bool)) {
	teller := headway.NewTeller(headway.Deps{
		Meter: p.meter, Known: p.known, Tell: func(line string) { r.log.Info(line) },
		Totals: func() headway.Totals {
			t := x.engine.Totals()
			return headway.Totals{Objects: t.Objects, Records: t.Records, Bytes: t.Bytes}
		},
	}, time.Now())
	held := &holdUp{
		waiting: x.engine.Waiting, logs: x.logRefusals, points: x.pointRefusals, log: r.log,
		report: func(err error) { x.status.report(ingest.ConcernDelivery, err) },
	}
	ended, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		ticker := time.NewTicker(watchInterval)
		defer ticker.Stop()
		for {
			select {
			case <-ended:
				return
			case now := <-ticker.C:
				held.look(now) // that the back end accepts again comes before what follows from it
				teller.Look(now)
			}
		}
	}()
	return func(settled bool) {
		close(ended)
		<-done
		if settled {
			held.resolve(time.Now())
		}
	}
}

const (
	// refusingAfter is how long nothing is accepted until that is logged, refusingPause how
	// long it is not logged again, and blockedAfter until it is a status.
	refusingAfter = 10 * time.Second
	refusingPause = time.Minute
	blockedAfter  = 30 * time.Second
)

// holdUp tells of a delivery that reading waits for. It is not safe for concurrent use.
type holdUp struct {
	waiting      func() (ingest.Waiting, bool)
	logs, points *refusals // nil without the signal
	log          *zap.Logger
	report       func(error)

	told     time.Time // when it was logged last
	since    time.Time // of what was logged; the zero value means nothing, or that it is over
	reported string    // the last status, "" means that it is well
}

// look is called about once a second.
func (h *holdUp) look(now time.Time) {
	at, waits := h.waiting()
	since, words := at.Since, ""
	if waits {
		by := h.logs
		if at.Object == "" {
			by = h.points
		}
		var accepted time.Time
		accepted, words = by.offers.last()
		if accepted.After(since) {
			since = accepted
		}
	}
	waited := now.Sub(since)
	if !waits || waited < refusingAfter {
		h.resolve(now)
		return
	}
	if h.since.IsZero() && now.Sub(h.told) >= refusingPause {
		h.told, h.since = now, since
		h.log.Warn("the back end accepts nothing; nothing is lost: reading waits", zap.Duration("for", waited.Round(time.Second)), zap.String("answer", words))
	}
	if waited >= blockedAfter {
		h.status(blocked(at, since, words))
	}
}

// resolve tells that the back end accepts again.
func (h *holdUp) resolve(now time.Time) {
	if !h.since.IsZero() {
		h.log.Info("the back end accepts again", zap.Duration("after", now.Sub(h.since).Round(time.Second)))
		h.since = time.Time{}
	}
	if h.reported != "" {
		h.reported = ""
		h.report(nil)
	}
}

// blocked is the status of a delivery that waits.
func blocked(at ingest.Waiting, since time.Time, words string) error {
	what := "metrics wait"
	if at.Object != "" {
		what = fmt.Sprintf("%s at byte %d waits", at.Object, at.Offset)
	}
	return fmt.Errorf("%s since %s; reading has stopped: %s", what, since.UTC().Format(time.RFC3339), words)
}

// status reports an error, once until its text changes.
func (h *holdUp) status(err error) {
	if text := err.Error(); text != h.reported {
		h.reported = text
		h.report(err)
	}
}
