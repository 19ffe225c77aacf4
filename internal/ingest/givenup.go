package ingest

import (
	"sync/atomic"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/checkpoint"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

// givenUp is which objects were given up, for the next start to try them again.
type givenUp struct {
	kept  map[source.ID]struct{} // only for the committer
	more  int64                  // beyond source.MaxGivenUp; only for the committer
	count atomic.Int64           // of both
}

// restore takes over what earlier processes stored. What cannot be decoded was reported
// when the source was opened.
func (g *givenUp) restore(cursors map[string][]byte) {
	all, more, err := source.GivenUpObjects(cursors)
	if err != nil {
		return
	}
	g.kept, g.more = make(map[source.ID]struct{}, len(all)), more
	for id := range all {
		g.kept[id] = struct{}{}
	}
	g.count.Store(int64(len(all)) + more)
}

// add notes in a change that an object was given up, or how much more of one was
// delivered.
func (g *givenUp) add(c *checkpoint.Change, w *source.Work, o source.Object, id source.ID, delivered int64) {
	if _, known := g.kept[id]; !known {
		g.count.Add(1)
		if len(g.kept) >= source.MaxGivenUp {
			g.more++
			c.Cursor(source.GivenUpMore, source.EncodeCursor(g.more))
			return
		}
		if g.kept == nil {
			g.kept = map[source.ID]struct{}{}
		}
		g.kept[id] = struct{}{}
	}
	c.Cursor(source.GivenUpCursor(id), source.EncodeCursor(source.GivenUp{Object: o, Group: w.Group, Offset: delivered}))
}

// remove notes in a change that an object is not given up any more.
func (g *givenUp) remove(c *checkpoint.Change, id source.ID) {
	if _, known := g.kept[id]; known {
		delete(g.kept, id)
		g.count.Add(-1)
	}
	c.Cursor(source.GivenUpCursor(id), nil)
}

// GivenUp returns how many objects are given up as denied or corrupt, by this process and
// earlier ones.
func (e *Engine) GivenUp() int64 { return e.givenUp.count.Load() }

// noteGivenUp notes an object that is given up, unless a queue keeps its message.
func (c *committer) noteGivenUp(end *ending) {
	if outcome := end.what.outcome; outcome == OutcomeDenied || outcome == OutcomeCorrupt {
		w := end.object.work
		if !w.Redrive && !w.LastOffer && c.engine.parts.KeepGivenUp {
			c.engine.givenUp.add(&c.change, w, w.Object, w.ID, end.object.delivered)
		}
	}
}

// noteRetrial notes the progress of an object that was given up before. Its ID is done
// all the while; what is delivered of it stands in its cursor.
func (c *committer) noteRetrial(end *ending, last bool) {
	w, g := end.object.work, &c.engine.givenUp
	if last {
		end.what = disposeRetrial(end.err)
	}
	switch {
	case !last, end.what.retry && end.what.replacement == nil, end.what.outcome == OutcomeDenied, end.what.outcome == OutcomeCorrupt:
		g.add(&c.change, w, w.Object, w.ID, end.object.delivered)
		c.noteAbsences(end.object, false)
		return
	case end.what.replacement != nil:
		now := *end.what.replacement
		id := source.Identify(now.Bucket, now.Key, now.ETag)
		g.remove(&c.change, w.ID)
		if !c.engine.parts.Progress.Done(id) {
			g.add(&c.change, w, now, id, 0)
			return
		}
		end.what = disposition{outcome: OutcomeGone} // the source has read that one
	}
	g.remove(&c.change, w.ID)
	c.noteAbsences(end.object, true)
	c.change.Done(w.Group, w.ID) // if it is a version that was not the one given up
	if end.err == nil {
		if w.Alias != (source.ID{}) {
			c.change.Done(w.Group, w.Alias)
		}
		if end.object.isNoLog() {
			end.what.outcome = OutcomeNotALog
		}
	}
}
