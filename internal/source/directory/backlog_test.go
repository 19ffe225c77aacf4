package directory

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAFollowerIsIdleOnceAScanFoundNothingElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newFollower(t)
		r.write(t, "one", "a\n")
		assert.Empty(t, r.look(t, time.Second))
		assert.Zero(t, r.Backlog()[0].Idle, "it may be in the making")
		assert.Len(t, r.look(t, time.Minute), 1)
		time.Sleep(time.Hour)
		assert.WithinDuration(t, time.Now(), r.Backlog()[0].Idle, 0)
		assert.False(t, r.Backlog()[0].Total, "it does not count what it walks by")
	})
}

// A file that is tried again is yet to be read.
func TestAFollowerIsNotIdleWhileAFileIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newFollower(t)
		r.write(t, "one", "a\n")
		works := r.works(t, time.Minute)
		require.Len(t, works, 1)
		works[0].Receipt.Nack(0, true)
		assert.Empty(t, r.works(t, time.Second))
		assert.Zero(t, r.Backlog()[0].Idle, "it waits for its time")
		again := r.works(t, 10*time.Minute)
		require.Len(t, again, 1)
		again[0].Receipt.Ack()
		r.works(t, time.Minute)
		assert.WithinDuration(t, time.Now(), r.Backlog()[0].Idle, 0)
	})
}
