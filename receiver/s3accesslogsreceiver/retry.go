package s3accesslogsreceiver

import (
	"time"

	"github.com/cenkalti/backoff/v5"
	"go.opentelemetry.io/collector/config/configretry"
)

// retryTimer is the back-off of retry_on_failure.
type retryTimer struct {
	cfg   configretry.BackOffConfig
	waits *backoff.ExponentialBackOff
	begin time.Time
}

func newRetryTimer(cfg configretry.BackOffConfig) *retryTimer {
	b := backoff.NewExponentialBackOff()
	b.InitialInterval = cfg.InitialInterval
	b.MaxInterval = cfg.MaxInterval
	b.Multiplier = cfg.Multiplier
	b.RandomizationFactor = cfg.RandomizationFactor
	return &retryTimer{cfg, b, time.Now()}
}

// next returns how long to wait; ok is false once max_elapsed_time is over.
func (t *retryTimer) next() (wait time.Duration, ok bool) {
	wait = t.waits.NextBackOff()
	return wait, t.cfg.MaxElapsedTime <= 0 || time.Since(t.begin)+wait <= t.cfg.MaxElapsedTime
}

// reset makes the next wait a short one again.
func (t *retryTimer) reset() { t.waits.Reset() }
