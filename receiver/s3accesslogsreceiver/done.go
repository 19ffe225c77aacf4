package s3accesslogsreceiver

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/collector/component"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/ingest"
)

// ender is an extension that ends the process once the registered sources are done, as
// shutdown_when_done does. Its types are built-in ones: neither module imports the other.
type ender interface {
	// RegisterSource registers a receiver's source, in place of an earlier one. ends says
	// whether it ends by itself. waits returns what it waits for, "" when it reads; it
	// does not block. done is called when the source is done, with what was counted.
	RegisterSource(receiver string, ends bool, waits func() string) (done func(counts map[string]int64))
}

// registerSource registers a source with the host's enders. done passes what was counted
// to each.
func registerSource(host component.Host, receiver string, ends bool, waits func() string) (done func(counts map[string]int64)) {
	var all []func(map[string]int64)
	for _, extension := range host.GetExtensions() {
		if e, is := extension.(ender); is {
			all = append(all, e.RegisterSource(receiver, ends, waits))
		}
	}
	return func(counts map[string]int64) {
		for _, d := range all {
			d(counts)
		}
	}
}

// waits returns what the run waits for, "" when it reads.
func (x *run) waits() string {
	all := x.status.missing()
	for concern, r := range map[ingest.Concern]*refusals{ingest.ConcernLogs: x.logRefusals, ingest.ConcernEmission: x.pointRefusals} {
		if r == nil {
			continue
		}
		if what := r.offers.waits(time.Now()); what != "" {
			all = append(all, escape(string(concern)+": "+what))
		}
	}
	return strings.Join(all, " | ")
}

// silence is how long the pipeline may take to answer until that is worth a word.
const silence = 10 * time.Second

// offers is how the pipeline answers. It is safe for concurrent use.
type offers struct {
	mu       sync.Mutex // guards everything below
	underWay int
	since    time.Time // of the latest answer, or of the first offer if it is later
	refusal  string    // of the latest answer; "" means accepted
	accepted time.Time // when anything was last accepted
}

func (o *offers) begin() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.underWay++; o.underWay == 1 {
		o.since = time.Now()
	}
}

func (o *offers) end(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.underWay--
	o.since, o.refusal = time.Now(), ""
	if err != nil {
		o.refusal = errorText(err)
	} else {
		o.accepted = o.since
	}
}

// tookPart notes that a part of an offer was accepted.
func (o *offers) tookPart() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.accepted = time.Now()
}

// last returns when anything was last accepted, and what the pipeline says to the rest.
func (o *offers) last() (accepted time.Time, words string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.refusal == "" {
		return o.accepted, "the pipeline has not answered"
	}
	return o.accepted, "the pipeline refuses: " + o.refusal
}

// waits returns what prevents the pipeline from accepting, "" when it accepts.
func (o *offers) waits(now time.Time) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch silent := now.Sub(o.since); {
	case o.underWay > 0 && silent >= silence:
		return fmt.Sprintf("the pipeline has not answered for %v", silent.Round(time.Second))
	case o.refusal != "":
		return "the pipeline refuses: " + o.refusal
	}
	return ""
}

// pending reports whether an offer is under way.
func (o *offers) pending() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.underWay > 0
}
