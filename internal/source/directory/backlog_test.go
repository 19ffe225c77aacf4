package directory

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestAFollowerIsIdleOnceAScanFoundNothingElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newFollower(t)
		r.write(t, "one", "a\n")
		assert.Zero(t, r.Backlog()[0].Idle)
		assert.Len(t, r.look(t, time.Minute), 1)
		time.Sleep(time.Hour)
		assert.WithinDuration(t, time.Now(), r.Backlog()[0].Idle, 0)
		assert.False(t, r.Backlog()[0].Total, "it does not count what it walks by")
	})
}
