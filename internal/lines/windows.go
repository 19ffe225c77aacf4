package lines

import "context"

// windowUnits is how many MiB the windows of a Windows take at a time.
const windowUnits = 64

// Windows is the memory for zstd windows that Readers share: 64 MiB, or one
// window of up to 128 MiB. A Reader whose data asks for a window of more than
// 1 MiB waits until there is room for it, no longer than its context, and has it
// until it is closed. It is safe for concurrent use.
type Windows struct {
	turn  chan struct{} // full while somebody takes: two that have half each would wait for ever
	units chan struct{} // one for each MiB that is taken
}

// NewWindows returns windows for the Readers of one flow: those of another one,
// which may be stuck, must not keep them waiting.
func NewWindows() *Windows {
	return &Windows{turn: make(chan struct{}, 1), units: make(chan struct{}, windowUnits)}
}

// take waits for room for a window, and returns what to give back.
func (w *Windows) take(ctx context.Context, window uint64) (units int, err error) {
	select {
	case w.turn <- struct{}{}:
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	defer func() { <-w.turn }()
	// The larger ones have it all for themselves.
	need := int(min((window+1<<20-1)>>20, windowUnits))
	for ; units < need; units++ {
		select {
		case w.units <- struct{}{}:
		case <-ctx.Done():
			w.give(units)
			return 0, ctx.Err()
		}
	}
	return units, nil
}

func (w *Windows) give(units int) {
	for range units {
		<-w.units
	}
}
