package s3accesslogsreceiver

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// settleMany settles batches of 512 items of 100 bytes, one after the other, and
// returns how many offers were refused.
func settleMany(t *testing.T, r *refusals, b *backEnd, batches int) int {
	t.Helper()
	before := b.refusedOffers()
	for range batches {
		first := len(b.accepted)
		dropped, _, err := r.settle(t.Context(), batchOf{b, first, 512})
		require.NoError(t, err)
		require.Zero(t, dropped)
	}
	require.Zero(t, b.givenUp)
	return b.refusedOffers() - before
}

func TestASizeThatFitsIsRemembered(t *testing.T) {
	for _, limit := range []int{1, 2, 3, 10, 100, 255, 256, 257, 300, 511} {
		synctest.Test(t, func(t *testing.T) {
			b, begin := newBackEnd(), time.Now()
			b.limit = limit
			r := newRefusals(b)
			first := settleMany(t, r, b, 1)
			assert.Positive(t, first)
			assert.GreaterOrEqual(t, r.fits.limit(), 100*(limit+1)/2, "at least half of what fits")
			assert.LessOrEqual(t, r.fits.limit(), 100*limit)
			before := len(b.offers)
			later := settleMany(t, r, b, 200)
			pieces := len(b.offers) - before
			assert.LessOrEqual(t, later, 2+pieces/growAfter, "limit %d: no refusals but those of the limit's growth", limit)
			assert.Zero(t, time.Since(begin))
			assert.Empty(t, b.reported)
		})
	}
}

func TestAForgottenLimitIsNoLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBackEnd()
		b.limit = 100
		r := newRefusals(b)
		settleMany(t, r, b, 1)
		b.limit = 0
		assert.Zero(t, settleMany(t, r, b, 1000))
		assert.Zero(t, r.fits.limit())
		before := len(b.offers)
		settleMany(t, r, b, 10)
		assert.Equal(t, 10, len(b.offers)-before, "batches are whole again")
	})
}

func TestALowerLimitIsLearnedToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBackEnd()
		b.limit = 300
		r := newRefusals(b)
		settleMany(t, r, b, 20)
		b.limit = 40
		settleMany(t, r, b, 1)
		assert.LessOrEqual(t, settleMany(t, r, b, 20), 5)
		assert.LessOrEqual(t, r.fits.limit(), 4500)
	})
}

// Growth that is refused becomes rarer.
func TestRefusedGrowthBecomesRarer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBackEnd()
		b.limit = 100
		r := newRefusals(b)
		settleMany(t, r, b, 300)
		early := settleMany(t, r, b, 1000)
		settleMany(t, r, b, 3000)
		late := settleMany(t, r, b, 1000)
		assert.Less(t, late, early)
		assert.LessOrEqual(t, late, 2)
	})
}

// Neither an outage nor a bad record is one of size.
func TestOtherRefusalsTeachNoSize(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBackEnd(77)
		r := newRefusals(b)
		settleAll(t, r, b, 512)
		assert.Zero(t, r.fits.limit())

		begin := time.Now()
		b.answer = func(*backEnd, []int) error {
			if time.Since(begin) < time.Hour {
				return errToken
			}
			return nil
		}
		_, _, err := r.settle(t.Context(), batchOf{b, 512, 512})
		require.NoError(t, err)
		assert.Zero(t, r.fits.limit())
	})
}

// A record that is refused by itself does not hide that its batch is too large.
func TestASizeIsLearnedBesideABadRecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBackEnd(77)
		b.limit = 100
		r := newRefusals(b)
		settleAll(t, r, b, 512)
		assert.Positive(t, r.fits.limit())
	})
}
