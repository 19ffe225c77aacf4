package ingest

// commit is the committer's goroutine: it takes delivered batches as they come
// and commits them by their numbers. After a batch that was not delivered no
// later one counts either: what they took further is read again.
func (e *Engine) commit(results <-chan *batch) {
	var (
		next    uint64                    // number of the batch to commit
		early   = make(map[uint64]*batch) // delivered before their turn, fewer than the window is wide
		failure error
	)
	for b := range results {
		early[b.number] = b
		for b := early[next]; b != nil; b = early[next] {
			delete(early, next)
			next++
			if failure == nil {
				failure = b.undelivered
			}
			e.settleBatch(b, failure)
			<-e.window
		}
	}
}

// settleBatch notes the progress of a batch and settles the objects that end
// in it. With a failure there is no progress.
func (e *Engine) settleBatch(b *batch, failure error) {
	for _, m := range b.marks {
		if failure == nil {
			m.object.committed = max(m.object.committed, m.end)
		}
		switch {
		case !m.last:
		case failure != nil:
			e.settle(m.object, failure)
		default:
			e.settle(m.object, m.err)
		}
	}
}

// settle tells the source what became of an object. err is nil when all of it
// was committed.
func (e *Engine) settle(o *object, err error) {
	d := e.dispose(err, o.work.Attempt)
	switch {
	case d.again:
		o.work.Receipt.Nack(o.committed, d.charge)
	default:
		o.work.Receipt.Ack()
		e.totals.objects.Add(1)
		e.inst.object(d.outcome)
	}
	e.report(o, err, d)
	e.unsettled.Add(-1)
	<-e.unacknowledged
}
