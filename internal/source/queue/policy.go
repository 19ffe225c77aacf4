package queue

import (
	"context"
	"errors"
	"time"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

const (
	// policyAge is how long the redrive policy is cached, and deniedAge how long that
	// it may not be asked for: README.md calls that permission optional.
	policyAge = 10 * time.Minute
	deniedAge = time.Hour
)

// policy is what is known of the queue's redrive policy.
type policy struct {
	due      time.Time // when to ask again
	known    bool
	receives int // that it allows; 0 means there is no policy
}

// offer is how the objects of a message are offered.
type offer struct {
	redrive bool // a redrive policy ends the attempts, not the engine
	last    bool // there is no further attempt
}

// offer returns how to offer the objects of a message with this many receives. A policy
// that is not known, for example without sqs:GetQueueAttributes, counts as one without
// an end: nothing is given up then.
func (p *policy) offer(ctx context.Context, q SQS, now time.Time, receives int) offer {
	if !now.Before(p.due) {
		p.ask(ctx, q, now)
	}
	switch {
	case !p.known:
		return offer{redrive: true}
	case p.receives == 0:
		return offer{last: receives >= maxReceives}
	}
	return offer{redrive: true, last: receives >= p.receives}
}

func (p *policy) ask(ctx context.Context, q SQS, now time.Time) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	n, err := q.MaxReceives(ctx)
	p.due = now.Add(policyAge)
	switch {
	case err == nil:
		p.receives, p.known = n, true
	case errors.Is(err, source.ErrDenied):
		p.due = now.Add(deniedAge)
	}
}
