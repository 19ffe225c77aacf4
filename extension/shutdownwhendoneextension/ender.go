package shutdownwhendoneextension

import (
	"context"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.uber.org/zap"
)

const (
	// repeatAfter is the time between two signals: the collector listens only after its
	// start.
	repeatAfter = 100 * time.Millisecond
	// notReadyWithin is how long after the first signal NotReady has to be called.
	notReadyWithin = time.Minute
	// shutdownWithin is how long after NotReady Shutdown has to be called.
	shutdownWithin = 10 * time.Minute
	// remindAfter is the time between two lines on what is waited for.
	remindAfter = 30 * time.Second
	// arrivalWithin is how long a signal that was sent may take to arrive.
	arrivalWithin = time.Second
)

// ender ends the process when all sources are done. One goroutine does everything:
//
//	watching --all sources are done, pipelines ready--> sending --NotReady--> waiting --Shutdown--> ended
//	        \--SIGTERM from elsewhere--------------------^  |                   |
//	                                                        1 min: exit 1       10 min: exit 1
//
// A NotReady while it is watching, of a reload or another shutdown, sets no limit.
type ender struct {
	log     *zap.Logger
	process process
	sources *sources

	ready    chan struct{} // closed by Ready
	notReady chan struct{} // unbuffered: NotReady returns when no more signals are sent
	stop     chan struct{} // closed by Shutdown
	ended    chan struct{} // closed when the goroutine has ended; nil before Start

	readyOnce, stopOnce sync.Once
}

func newEnder(log *zap.Logger, p process) *ender {
	return &ender{
		log: log, process: p, sources: newSources(),
		ready: make(chan struct{}), notReady: make(chan struct{}), stop: make(chan struct{}),
	}
}

// RegisterSource registers the source of a receiver, in place of the receiver's earlier
// one. ends says whether it ends by itself. waits returns what it waits for, "" when it
// reads; it must not block. The receiver calls done once each object has its outcome and
// the last commit and the last emission were accepted or refused permanently, with what
// it counted, by name.
func (e *ender) RegisterSource(receiver string, ends bool, waits func() string) (done func(counts map[string]int64)) {
	return e.sources.register(receiver, &registered{ends: ends, waits: waits})
}

// Start implements component.Component. From here to Shutdown SIGTERM has not its default
// action, so that one which comes before the collector listens is not its death.
func (e *ender) Start(context.Context, component.Host) error {
	signals := make(chan os.Signal, 1)
	release, err := e.process.catch(signals)
	if err != nil {
		return err
	}
	e.ended = make(chan struct{})
	go func() {
		defer close(e.ended)
		defer release()
		w := watch{ender: e, signals: signals, ready: e.ready}
		w.run()
	}()
	return nil
}

// Ready implements extensioncapabilities.PipelineWatcher.
func (e *ender) Ready() error {
	e.readyOnce.Do(func() { close(e.ready) })
	return nil
}

// NotReady implements extensioncapabilities.PipelineWatcher. No signal is sent after it
// returns.
func (e *ender) NotReady() error {
	if e.ended == nil {
		return nil
	}
	select {
	case e.notReady <- struct{}{}:
	case <-e.ended:
	}
	return nil
}

// Shutdown implements component.Component.
func (e *ender) Shutdown(context.Context) error {
	e.stopOnce.Do(func() { close(e.stop) })
	if e.ended != nil {
		<-e.ended
	}
	return nil
}

// watch is the state of the ender's goroutine.
type watch struct {
	*ender
	signals <-chan os.Signal
	ready   <-chan struct{} // nil once the pipelines were ready
	warned  string          // what the last warning said
	again   *time.Ticker    // sends; nil before
	limit   *time.Timer     // ends the process; nil until sending
	missed  string          // what had to happen before the limit
	sent    bool            // a signal was sent and did not arrive yet
	over    bool            // NotReady was called
}

func (w *watch) run() {
	remind := time.NewTicker(remindAfter)
	defer remind.Stop()
	for {
		select {
		case <-w.stop:
			w.stopTimers()
			return
		case <-w.ready:
			w.ready = nil
			w.check()
		case <-w.sources.changed:
			w.check()
		case <-w.signals:
			if !w.sent {
				w.begin() // it comes from elsewhere
			}
			w.sent = false
		case <-remind.C:
			w.remind()
		case <-w.ticks():
			w.send()
		case <-w.notReady:
			w.wait()
		case <-w.deadline():
			w.log.Error("the collector has not ended, the process exits with status 1: " + w.missed)
			_ = w.log.Sync()
			w.process.exit(1)
		}
	}
}

func (w *watch) ticks() <-chan time.Time {
	if w.again == nil {
		return nil
	}
	return w.again.C
}

func (w *watch) deadline() <-chan time.Time {
	if w.limit == nil {
		return nil
	}
	return w.limit.C
}

func (w *watch) stopTimers() {
	if w.limit != nil {
		w.again.Stop()
		w.limit.Stop()
	}
}

// check ends the collector when all sources are done, and warns of what prevents that.
func (w *watch) check() {
	switch {
	case w.ready != nil || w.over || w.limit != nil:
	case w.sources.done():
		w.log.Info("all is read and accepted, the collector ends", w.counts()...)
		w.begin()
		w.send()
	default:
		w.warn()
	}
}

func (w *watch) warn() {
	text := ""
	if endless := w.sources.endless(); len(endless) > 0 {
		text = "shutdown_when_done ends nothing, since these receivers have sources that never end: " + strings.Join(endless, ", ")
	} else if len(w.sources.open()) == 0 {
		text = "shutdown_when_done ends nothing, since no receiver has registered a source with it"
	}
	if text != "" && text != w.warned {
		w.log.Warn(text)
	}
	w.warned = text
}

func (w *watch) counts() (fields []zap.Field) {
	counts := w.sources.counts()
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		fields = append(fields, zap.Int64(name, counts[name]))
	}
	return fields
}

// begin begins to send until NotReady is called: the first signal is due after
// repeatAfter.
func (w *watch) begin() {
	if w.over || w.limit != nil {
		return
	}
	w.again = time.NewTicker(repeatAfter)
	w.limit = time.NewTimer(notReadyWithin)
	w.missed = "it was sent SIGTERM and has not begun to shut down within " + notReadyWithin.String()
}

func (w *watch) send() {
	w.sent = true
	if err := w.process.send(); err != nil {
		w.sent = false
		w.log.Error("cannot send SIGTERM to this process", zap.Error(err))
	}
}

// wait sends no more. It returns when the last signal has arrived: one that is still on
// its way when the collector no longer listens would end the process with another status.
func (w *watch) wait() {
	if w.over {
		return
	}
	w.over = true
	if w.limit == nil {
		return
	}
	w.again.Stop()
	w.limit.Reset(shutdownWithin)
	w.missed = "its shutdown takes more than " + shutdownWithin.String()
	if w.sent {
		select {
		case <-w.signals:
		case <-time.After(arrivalWithin):
		}
	}
}

// remind says what the sources wait for, unless these only read.
func (w *watch) remind() {
	if w.over || w.limit != nil || len(w.sources.endless()) > 0 {
		return
	}
	if w.ready != nil && w.sources.done() {
		w.log.Info("all is read and accepted, the collector ends when all its components have started")
		return
	}
	var waits []string
	for _, id := range w.sources.open() {
		if what := w.sources.waits(id); what != "" {
			waits = append(waits, id+": "+what)
		}
	}
	if len(waits) > 0 {
		w.log.Info("the collector ends later, nothing is lost, it waits: " + strings.Join(waits, " | "))
	}
}
