package source

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestSleepTakesItsTimeAndEndsWithItsContext(t *testing.T) {
	for name, sleep := range map[string]struct {
		d, within time.Duration // within is the context's deadline
		want      time.Duration
		err       error
	}{
		"whole":             {d: time.Minute, within: time.Hour, want: time.Minute},
		"cut short":         {d: time.Hour, within: time.Minute, want: time.Minute, err: context.DeadlineExceeded},
		"none":              {d: 0, within: time.Hour},
		"less than none":    {d: -1, within: time.Hour},
		"done before":       {d: time.Hour, within: -1, err: context.DeadlineExceeded},
		"none, done before": {d: 0, within: -1, err: context.DeadlineExceeded},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				begin := time.Now()
				ctx, cancel := context.WithTimeout(t.Context(), sleep.within)
				defer cancel()
				assert.ErrorIs(t, Sleep(ctx, sleep.d), sleep.err)
				assert.Equal(t, sleep.want, time.Since(begin))
			})
		})
	}
}
