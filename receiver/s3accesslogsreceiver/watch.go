package s3accesslogsreceiver

import (
	"fmt"
	"time"

	"go.uber.org/zap"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/headway"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/ingest"
)

// watchInterval is how often a run is checked.
const watchInterval = time.Second

// watch logs how far a run has come and what it waits for, until stop is called, which
// waits for its end. settled says that everything was accepted.
func (r *s3Receiver) watch(x *run, p *position) (stop func(settled bool)) {
	reporter := headway.NewReporter(headway.Deps{
		Meter: p.meter, Known: p.known, Log: func(line string) { r.log.Info(line) },
		Totals: func() headway.Totals {
			t := x.engine.Totals()
			return headway.Totals{Objects: t.Objects, Records: t.Records, Bytes: t.Bytes}
		},
	}, time.Now())
	stalled := &stall{
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
				stalled.check(now) // that the back end accepts again comes before what follows from it
				reporter.Check(now)
			}
		}
	}()
	return func(settled bool) {
		close(ended)
		<-done
		if settled {
			stalled.resolve(time.Now())
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

// stall reports a delivery that reading waits for. It is not safe for concurrent use.
type stall struct {
	waiting      func() (ingest.Waiting, bool)
	logs, points *refusals // nil without the signal
	log          *zap.Logger
	report       func(error)

	since    time.Time // of the present one; the zero value means that there is none
	by       *refusals // of its signal
	warned   bool      // it was logged
	logged   time.Time // when one was logged last
	reported string    // the last status, "" means that it is well
}

// check is called about once a second.
func (s *stall) check(now time.Time) {
	at, waits := s.waiting()
	since, words, by := at.Since, "", s.logs
	if waits {
		if at.Object == "" {
			by = s.points
		}
		var accepted time.Time
		accepted, words = by.offers.last()
		if accepted.After(since) {
			since = accepted
		}
	}
	waited := now.Sub(since)
	if !waits || waited < refusingAfter {
		s.resolve(now)
		return
	}
	if s.since.IsZero() {
		s.since, s.by = since, by
	}
	if !s.warned && now.Sub(s.logged) >= refusingPause {
		s.warned, s.logged = true, now
		s.log.Warn("the back end accepts nothing; "+by.whileWaiting(), zap.Duration("for", waited.Round(time.Second)), zap.String("answer", words))
	}
	if waited >= blockedAfter {
		s.status(blocked(at, since, words))
	}
}

// resolve logs that the back end accepts again, once it has: what is dropped or left behind
// does not wait either.
func (s *stall) resolve(now time.Time) {
	if s.since.IsZero() {
		return
	}
	if accepted, _ := s.by.offers.last(); !accepted.After(s.since) {
		return
	}
	if s.warned {
		s.log.Info("the back end accepts again", zap.Duration("after", now.Sub(s.since).Round(time.Second)))
	}
	s.since, s.warned = time.Time{}, false
	if s.reported != "" {
		s.reported = ""
		s.report(nil)
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
func (s *stall) status(err error) {
	if text := err.Error(); text != s.reported {
		s.reported = text
		s.report(err)
	}
}
