package s3accesslogsreceiver

import (
	"time"

	"github.com/cenkalti/backoff/v5"
	"go.opentelemetry.io/collector/config/configretry"
	"go.opentelemetry.io/collector/consumer/consumererror"
)

// patience says how long to wait before what was refused is offered again, by the
// settings of retry_on_failure.
type patience struct {
	cfg   configretry.BackOffConfig
	waits *backoff.ExponentialBackOff
	begin time.Time
}

func newPatience(cfg configretry.BackOffConfig) *patience {
	b := backoff.NewExponentialBackOff()
	b.InitialInterval = cfg.InitialInterval
	b.MaxInterval = cfg.MaxInterval
	b.Multiplier = cfg.Multiplier
	b.RandomizationFactor = cfg.RandomizationFactor
	return &patience{cfg, b, time.Now()}
}

// after returns how long to wait after an error; again is false when the error is
// permanent, or the time for more attempts is over: a refusal for good.
func (p *patience) after(err error) (wait time.Duration, again bool) {
	if consumererror.IsPermanent(err) || !p.cfg.Enabled {
		return 0, false
	}
	wait = p.waits.NextBackOff()
	over := p.cfg.MaxElapsedTime > 0 && time.Since(p.begin)+wait > p.cfg.MaxElapsedTime
	return wait, !over
}
