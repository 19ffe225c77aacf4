package e2e

import (
	"maps"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// maxWrong is what a process may take whatever it is answered, bytes of resident
// memory at most.
const maxWrong = 300e6

// wrongWait is how long anything is waited for that has to come.
const wrongWait = time.Minute

// A wrong answer loses nothing, doubles nothing and ends nothing, and as long as it
// lasts a message says what to do. In an ordinary run the common cells, with
// E2E_WRONG all.
func TestWrongAnswers(t *testing.T) {
	t.Parallel()
	program(t)
	server := newWrongServer(t)
	t.Run("cells", func(t *testing.T) { // the server lives until all of them are done
		for _, c := range allCells() {
			if os.Getenv("E2E_WRONG") == "" && !slices.Contains(common, c.String()) {
				continue
			}
			t.Run(c.String(), func(t *testing.T) {
				t.Parallel()
				if c.row.ofFeed() {
					runFeedCell(t, c)
				} else {
					runCell(t, newWrongRig(t, server, c))
				}
			})
		}
	})
}

// runCell reads all there is with wrong answers. What comes after finds nothing
// to do: where folders or names are looked for, once more with wrong answers.
func runCell(t *testing.T, rig *wrongRig) {
	rig.notify()
	if rig.cell.row.what == change {
		rig.hold(t)
	}
	victim := rig.start(t)
	rig.lie(t, victim)
	rig.release()
	rig.all(t, victim)
	rig.end(t, victim)

	if what := rig.cell.row.what; what == searchList || what == sweepList {
		victim = rig.start(t)
		rig.lie(t, victim)
		rig.idle(t, victim, 3*time.Second)
		rig.end(t, victim)
	}
	rig.notify()
	last := rig.start(t)
	assert.True(t, rig.idle(t, last, wrongWait), "it has not looked for objects")
	rig.end(t, last)
	rig.assertAll(t)
}

// lie lets the liar answer wrongly, once or until something was told of it.
func (rig *wrongRig) lie(t *testing.T, victim *collector) {
	t.Helper()
	what, before := rig.cell.row.what, rig.liar.told(rig.cell.row.what)
	rig.liar.arm(rig.cell.lies())
	defer rig.liar.heal()
	victim.until(t, wrongWait, "a wrong answer to "+string(what), func() bool { return rig.liar.told(what) > before })
	switch {
	case !rig.cell.lasts:
		victim.waits(wrongWait, func() bool { return rig.liar.told(what) >= before+rig.cell.lies() })
	case rig.cell.row.but[rig.cell.answer].silent != "":
		victim.waits(wrongWait, func() bool { return rig.liar.told(what) >= before+5 })
	default:
		told := victim.waits(wrongWait, func() bool { return rig.message(victim.log(t)) != "" })
		assert.True(t, told, "no message says what is wrong and what to do")
		if told {
			t.Log(withoutResource(rig.message(victim.log(t))))
		}
	}
}

// message returns the line of a log that says what to do.
func (rig *wrongRig) message(log string) string {
	for line := range strings.Lines(log) {
		_, text, warns := strings.Cut(line, "\twarn\t")
		if warns && rig.cell.helps(text, rig.liar.trap.url) {
			return strings.TrimSpace(line)
		}
	}
	return ""
}

// helps tells whether a message says what to do. Where others answer for a server,
// it names them too.
func (c cell) helps(text, trap string) bool {
	if c.answer == elsewhere {
		to, err := url.Parse(trap)
		if err != nil || !strings.Contains(text, to.Host) {
			return false
		}
	}
	return slices.ContainsFunc(c.row.hints, func(hint string) bool { return strings.Contains(text, hint) })
}

// all waits until every record is there and everything is settled.
func (rig *wrongRig) all(t *testing.T, victim *collector) {
	t.Helper()
	want := len(rig.corpus.want)
	all := victim.waits(wrongWait, func() bool { rig.redeliver(); return rig.back.distinct() >= want })
	select {
	case <-victim.exited:
		t.Fatalf("the collector ended: %v", victim.cmd.ProcessState)
	default:
	}
	assert.True(t, all, "%v after all answers are right there are %d of %d records", wrongWait, rig.back.distinct(), want)
	assert.True(t, rig.idle(t, victim, wrongWait), "it is not done")
}

// redeliver lets messages that were given back, or whose receipt was lost, come
// soon.
func (rig *wrongRig) redeliver() {
	if rig.queue != nil && time.Since(rig.redelivered) > time.Second {
		rig.queue.RedeliverEarly()
		rig.redelivered = time.Now()
	}
}

// idle waits until a collector has looked for objects since, and has nothing left
// to do. It tells whether that came.
func (rig *wrongRig) idle(t *testing.T, c *collector, within time.Duration) bool {
	t.Helper()
	before := rig.liar.passed()
	last, changed := before, time.Now()
	return c.waits(within, func() bool {
		rig.redeliver()
		now := rig.liar.passed()
		if !maps.Equal(now, last) {
			last, changed = now, time.Now()
		}
		since := func(what asked) int { return now[what] - before[what] }
		switch {
		case rig.queue != nil:
			left := rig.queue.Stats()
			return left.Visible+left.InFlight == 0
		case c.metric(t, flightMetric, "") > 0:
			return false
		case rig.cell.row.what == searchList: // its source buckets are idle, and listed more rarely then
			return strings.Contains(c.log(t), "are searched every") && time.Since(changed) > 2*time.Second
		}
		return since(pollList) >= 3
	})
}

// end stops a collector, which must be well.
func (rig *wrongRig) end(t *testing.T, c *collector) {
	t.Helper()
	select {
	case <-c.exited:
		t.Fatalf("the collector ended: %v", c.cmd.ProcessState)
	default:
	}
	c.stop(t, 15*time.Second)
	assert.Less(t, c.memory.done().peak, int64(maxWrong), "resident memory at most")
}

// assertAll compares what the back end has with what there is.
func (rig *wrongRig) assertAll(t *testing.T) {
	t.Helper()
	assert.Zero(t, rig.back.assertAll(t, rig.corpus.want), "records came twice")
	rig.back.metrics.assertAll(t, rig.corpus.sums, 1)
	assert.Empty(t, rig.liar.trap.caught(), "it was sent to another host, and went")
	if rig.queue != nil {
		assert.Empty(t, rig.queue.Bodies())
	}
	require.Positive(t, rig.liar.told(rig.cell.row.what))
}

// waits waits for a condition, and tells whether it came. It ends with the
// collector.
func (c *collector) waits(within time.Duration, condition func() bool) bool {
	for deadline := time.Now().Add(within); time.Now().Before(deadline); {
		if condition() {
			return true
		}
		select {
		case <-c.exited:
			return condition()
		case <-time.After(50 * time.Millisecond):
		}
	}
	return false
}
