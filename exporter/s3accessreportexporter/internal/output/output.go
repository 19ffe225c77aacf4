// Package output makes the report anew when something changed, at most once in an interval
// and once at the end: as a file, and as what a server has to offer.
package output

import (
	"context"
	"errors"
	"io"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/cespare/xxhash/v2"

	"github.com/otelcol-s3audit/otelcol-s3audit/exporter/s3accessreportexporter/internal/encode"
	"github.com/otelcol-s3audit/otelcol-s3audit/exporter/s3accessreportexporter/internal/intake"
	"github.com/otelcol-s3audit/otelcol-s3audit/exporter/s3accessreportexporter/internal/page"
	"github.com/otelcol-s3audit/otelcol-s3audit/exporter/s3accessreportexporter/internal/server"
	"github.com/otelcol-s3audit/otelcol-s3audit/exporter/s3accessreportexporter/internal/tally"
)

// ErrBehind is the error of a write that did not return in time. It is left behind.
var ErrBehind = errors.New("the write before did not return")

// Settings are what an Output needs.
type Settings struct {
	Intake   *intake.Intake
	Page     *page.Page
	Title    string
	Path     string // "": no file
	Interval time.Duration
	Clock    func() time.Time
	// Written is called after each attempt to write the file.
	Written func(error)
}

// Output makes reports until it is stopped.
type Output struct {
	Settings
	current atomic.Pointer[server.Content]
	last    atomic.Pointer[encode.Data]

	level   int           // of detail that is left out
	made    versions      // of the last report
	written versions      // of the file; whoever has idle uses it
	idle    chan struct{} // holds a token while no write is under way

	stop, stopped chan struct{}
}

// versions are those of the intake that were reported: 0 is none, else one more.
type versions uint64

// New returns an Output that makes nothing before Start.
func New(s Settings) *Output {
	o := &Output{Settings: s, idle: make(chan struct{}, 1), stop: make(chan struct{}), stopped: make(chan struct{})}
	o.idle <- struct{}{}
	return o
}

// Start makes a first report for the server, in the background, and goes on. The file is
// written when something was counted.
func (o *Output) Start() {
	go func() {
		defer close(o.stopped)
		timer := time.NewTimer(o.Interval)
		defer timer.Stop()
		for {
			begin := time.Now()
			o.round()
			// Nothing is counted while a large report is made: that takes a tenth of
			// the time at most.
			timer.Reset(max(o.Interval, 10*time.Since(begin)))
			select {
			case <-timer.C:
			case <-o.stop:
				return
			}
		}
	}()
}

// Stop makes the last report. When ctx ends it returns ErrBehind: what is still under way
// is left behind and touches nothing but the file.
func (o *Output) Stop(ctx context.Context) error {
	close(o.stop)
	done := make(chan error, 1)
	go func() {
		<-o.stopped
		<-o.idle
		content, err := o.make()
		if err == nil && o.Path != "" {
			err = o.write(content)
		}
		done <- err
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ErrBehind
	}
}

// Current returns what a server has to offer; nil before the first report.
func (o *Output) Current() *server.Content { return o.current.Load() }

// Last returns the data of the last report, without its JSON; nil before the first.
func (o *Output) Last() *encode.Data { return o.last.Load() }

// round makes a report if something changed. A file that is still being written is left
// for the next round.
func (o *Output) round() {
	version := versions(o.Intake.Version()) + 1
	content := o.Current()
	if o.made != version {
		var err error
		if content, err = o.make(); err != nil {
			o.Written(err)
			return
		}
	}
	if o.Path == "" || version == 1 {
		return
	}
	select {
	case <-o.idle:
	default:
		o.Written(ErrBehind)
		return
	}
	made := o.made
	if o.written == made {
		o.idle <- struct{}{}
		return
	}
	go func() {
		err := o.write(content)
		if err == nil {
			o.written = made
		}
		o.idle <- struct{}{}
		o.Written(err)
	}()
}

func (o *Output) write(content *server.Content) error {
	return writeFile(o.Path, func(w io.Writer) error { return o.Page.WriteFile(w, content.Data) })
}

// make makes a report of what was counted.
func (o *Output) make() (*server.Content, error) {
	var d encode.Data
	var compressed []byte
	for {
		o.Intake.View(func(t *tally.Tally, version uint64) {
			d = encode.Of(t, o.Title, o.Clock().UnixMilli(), o.level)
			o.made = versions(version) + 1
		})
		var err error
		if compressed, err = encode.Compress(d.JSON); err != nil {
			return nil, err
		}
		if len(compressed) <= encode.MostCompressed || o.level == encode.Levels-1 {
			break
		}
		o.level++
	}
	if o.level > 0 && len(compressed) < encode.MostCompressed/4 {
		o.level-- // next time
	}
	c := &server.Content{ETag: strconv.FormatUint(xxhash.Sum64(compressed), 16), Data: compressed}
	c.Page = func(w io.Writer) error {
		return o.Page.WriteServed(w, max(1, int(o.Interval/time.Second)), c.ETag, compressed)
	}
	d.JSON = nil
	o.last.Store(&d)
	o.current.Store(c)
	return c, nil
}
