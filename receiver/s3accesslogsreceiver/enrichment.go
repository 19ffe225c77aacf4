package s3accesslogsreceiver

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/enrich"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/enrich/geo"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/enrich/threat"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/ingest"
)

// firstAttempt bounds the wait for databases and feeds before reading begins.
const firstAttempt = 30 * time.Second

// enrichment looks clients up in databases and feeds. It implements ingest.Clients.
type enrichment struct {
	places  *geo.DB            // nil without databases
	threats *threat.Indicators // nil without feeds
	copies  storage.Client     // nil without storage
	refresh sync.WaitGroup

	closeIdle []func() // connections to feeds
}

// Lookup implements ingest.Clients.
func (e *enrichment) Lookup(address string, now int64) (client enrich.Client) {
	addr, ok := enrich.ParseAddr(address)
	if !ok {
		return client
	}
	if e.places != nil {
		client.Place = e.places.Lookup(addr)
	}
	if e.threats != nil {
		client.Threat = e.threats.Lookup(addr, now)
	}
	return client
}

// openEnrichment prepares databases and feeds; it returns nil if none are configured.
func (r *s3Receiver) openEnrichment(ctx context.Context, host component.Host, open *clients, report ingest.Status) (*enrichment, error) {
	e := &enrichment{}
	if len(r.cfg.GeoIP.Databases) > 0 {
		places, err := geo.Open(r.cfg.GeoIP, geo.Deps{Attempted: func(a geo.Attempt) {
			r.countReload(a.Path, string(a.Outcome))
			report(ingest.Concern("loading "+a.Path), a.Err)
		}})
		if err != nil {
			return nil, err
		}
		e.places = places
	}
	if len(r.cfg.ThreatIntel.Feeds) > 0 {
		if err := r.openThreats(ctx, host, open, e, report); err != nil {
			return nil, errors.Join(err, e.close(ctx))
		}
	}
	if e.places == nil && e.threats == nil {
		return nil, nil
	}
	return e, nil
}

func (r *s3Receiver) openThreats(ctx context.Context, host component.Host, open *clients, e *enrichment, report ingest.Status) error {
	feeds := r.cfg.ThreatIntel.feeds()
	for i := range feeds {
		f := &feeds[i]
		if f.Path != "" {
			continue
		}
		client, closeIdle, err := r.feedClient(ctx, host, r.cfg.ThreatIntel.Feeds[i].HTTP)
		if err != nil {
			return fmt.Errorf("threat_intel::feeds::%d::http: %w", i, err)
		}
		f.Client = client
		e.closeIdle = append(e.closeIdle, closeIdle)
	}
	deps := threat.Deps{
		Reloaded: func(feed string, outcome threat.FeedOutcome) { r.countReload(feed, string(outcome)) },
		Problem:  func(feed string, err error) { report(ingest.Concern("reading the feed "+feed), err) },
		Skipped:  r.reportSkipped,
	}
	if r.cfg.Storage != nil {
		client, err := r.openStorage(ctx, host, open, copiesClient)
		if err != nil {
			return err
		}
		e.copies, deps.Copies = client, feedCopies{client}
	}
	threats, err := threat.New(r.cfg.ThreatIntel.Config, feeds, deps)
	e.threats = threats
	return err
}

// reportSkipped logs what of a feed is not in use.
func (r *s3Receiver) reportSkipped(feed string, stats threat.Stats) {
	if stats.Skipped > 0 {
		r.sampledLog.Warn("entries of a feed cannot be used, the others are in use: correct them, or set the feed's format and columns", zap.String("feed", feed), zap.Int("skipped", stats.Skipped),
			zap.Int("used", stats.Entries), zap.Strings("first", stats.Reasons))
	}
	if stats.TextsLeftOut > 0 {
		r.sampledLog.Warn("names and descriptions of a feed are left out, since those of all feeds take 64 MiB at most; the entries are in use: "+
			"configure fewer feeds, or feeds with shorter descriptions", zap.String("feed", feed), zap.Int("entries_without", stats.TextsLeftOut))
	}
}

// load waits for the first attempt to load every database and feed, for firstAttempt or
// until ctx is done. They are reloaded until ctx is done.
func (e *enrichment) load(ctx context.Context) {
	first, cancel := context.WithTimeout(ctx, firstAttempt)
	defer cancel()
	if e.threats != nil {
		e.threats.Load(first)
		e.refresh.Go(func() { e.threats.Run(ctx) })
	}
	if e.places != nil {
		select {
		case <-e.places.Ready():
		case <-first.Done():
		}
	}
}

// close ends all loading. Clients that Lookup returned stay valid.
func (e *enrichment) close(ctx context.Context) error {
	if e.places != nil {
		e.places.Close()
	}
	if e.threats != nil {
		e.threats.Close()
	}
	e.refresh.Wait()
	for _, closeIdle := range e.closeIdle {
		closeIdle()
	}
	if e.copies != nil {
		return e.copies.Close(ctx)
	}
	return nil
}

// feedCopies stores copies of feeds in a storage extension. It implements
// threat.CopyStore.
type feedCopies struct{ client storage.Client }

// Get implements threat.CopyStore.
func (c feedCopies) Get(ctx context.Context, name string) ([]byte, error) {
	return c.client.Get(ctx, name)
}

// Put implements threat.CopyStore.
func (c feedCopies) Put(ctx context.Context, name string, value []byte) error {
	return c.client.Set(ctx, name, value)
}

// countReload counts an attempt to load a database or a check of a feed.
func (r *s3Receiver) countReload(source, outcome string) {
	r.telemetry.EnrichmentReloads.Add(context.Background(), 1,
		r.instruments.With(attribute.String("source", source), attribute.String("outcome", outcome)))
}

// each calls report for every database and feed in use.
func (e *enrichment) each(report func(source string, entries int64, from time.Time)) {
	if e.places != nil {
		for _, d := range e.places.Databases() {
			report(d.Path, int64(d.Entries), d.Built)
		}
	}
	if e.threats != nil {
		for _, f := range e.threats.Status() {
			report(f.Feed, int64(f.Entries), f.Seen)
		}
	}
}

func (r *s3Receiver) observeEntries(_ context.Context, o metric.Int64Observer) error {
	if e := r.enrichment.Load(); e != nil {
		e.each(func(source string, entries int64, _ time.Time) {
			o.Observe(entries, r.instruments.With(attribute.String("source", source)))
		})
	}
	return nil
}

func (r *s3Receiver) observeAge(_ context.Context, o metric.Float64Observer) error {
	if e := r.enrichment.Load(); e != nil {
		e.each(func(source string, _ int64, from time.Time) {
			if !from.IsZero() {
				o.Observe(time.Since(from).Seconds(), r.instruments.With(attribute.String("source", source)))
			}
		})
	}
	return nil
}
