package s3accesslogsreceiver

import (
	"fmt"
	"strings"

	"go.uber.org/zap"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/checkpoint"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/ingest"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source/fleet"
)

// banner is the line at the start: source, place, layout, where it goes on and what is
// stored.
func (r *s3Receiver) banner(progress *checkpoint.Store) string {
	what, begins := r.cfg.place()
	done, begun := progress.Count()
	switch {
	case r.cfg.Storage == nil:
		return fmt.Sprintf("starting: reads %s %s; nothing is stored", what, begins)
	case progress.Fresh():
		return fmt.Sprintf("starting: reads %s %s; nothing is stored yet in %s", what, begins, r.cfg.Storage)
	}
	return fmt.Sprintf("starting: reads %s and goes on where it was; stored in %s: %d done, %d begun", what, r.cfg.Storage, done, begun)
}

// logAway logs what was read while a signal of the run was in no pipeline.
func (r *s3Receiver) logAway(x *run, progress *checkpoint.Store) error {
	away, err := ingest.AwayOf(progress.Cursors())
	if err != nil {
		return fmt.Errorf("`storage` %q: %w", r.cfg.Storage, err)
	}
	const again = "read them once more by a receiver of another name"
	if x.metrics && away.Metrics > 0 {
		r.log.Warn("log objects were read while the receiver was in no pipeline of metrics, and are not in its counters, whose series begin anew; to count them, "+again+", as examples/backfill.yaml does",
			zap.Int64("objects", away.Metrics))
	}
	if x.logs && away.Logs > 0 {
		r.log.Warn("log objects were read while the receiver was in no pipeline of logs, and their records were sent nowhere; to send them, "+again,
			zap.Int64("objects", away.Logs))
	}
	return nil
}

// place returns what is read, and where reading begins when nothing is stored.
func (c *Config) place() (what, begins string) {
	switch {
	case c.Bucket.HasValue():
		b := c.Bucket.Get()
		if begins = "from start_from: " + b.StartFrom + " on"; b.Until != "" {
			begins += ", until " + b.Until
		}
		return placeOfBuckets(b), begins
	case c.Queue.HasValue():
		return "queue " + c.Queue.Get().URL, "from the oldest message on"
	}
	d := c.Directory.Get()
	if d.Follow {
		return "directory " + d.Path + " and follows it", "from the first file on"
	}
	return "directory " + d.Path + " once", "from the first file on"
}

// maxNamed is how many buckets and prefixes the banner names.
const maxNamed = 5

func placeOfBuckets(b *fleet.Config) string {
	layout := b.Layout
	if layout == "" {
		layout = "auto"
	}
	if b.IsOne() {
		one := b.One()
		return fmt.Sprintf("bucket s3://%s/%s, layout %s,", one.Name, one.Prefix, layout)
	}
	return fmt.Sprintf("buckets %s, prefixes %s, layout %s,", some(b.AllNames()), some(b.AllPrefixes()), layout)
}

// some names the first of several.
func some(names []string) string {
	more := ""
	if n := len(names) - maxNamed; n > 0 {
		names, more = names[:maxNamed], fmt.Sprintf(" and %d more", n)
	}
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = fmt.Sprintf("%q", name)
	}
	return strings.Join(quoted, " ") + more
}
