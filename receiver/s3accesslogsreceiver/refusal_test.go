package s3accesslogsreceiver

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"google.golang.org/grpc/codes"
	grpcstatus "google.golang.org/grpc/status"
)

func TestErrorsForNowAreWaitedForWhereverTheyCome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBackEnd(5)
		b.answer = func(b *backEnd, _ []int) error {
			if len(b.offers)%2 == 0 {
				return fmt.Errorf("503: %w", errBusy)
			}
			return nil
		}
		settleAll(t, newRefusals(b), b, 64)
		for i := 0; i+1 < len(b.offers); i += 2 {
			assert.Equal(t, b.offers[i].items, b.offers[i+1].items, "it goes on where it was")
			assert.Greater(t, b.offers[i+1].at, b.offers[i].at)
		}
	})
}

func TestAPermanentErrorOfADeadlineIsNoRefusal(t *testing.T) {
	for _, err := range []error{
		consumererror.NewPermanent(fmt.Errorf("export: %w", context.DeadlineExceeded)),
		consumererror.NewPermanent(fmt.Errorf("export: %w", grpcstatus.Error(codes.DeadlineExceeded, "slow"))),
	} {
		for _, policy := range []string{refusalWait, refusalDrop} {
			synctest.Test(t, func(t *testing.T) {
				b := newBackEnd()
				b.answer = func(b *backEnd, _ []int) error {
					if len(b.offers) < 20 {
						return err
					}
					return nil
				}
				r := newRefusals(b)
				r.policy = policy
				settleAll(t, r, b, 100)
				for _, o := range b.offers {
					assert.Equal(t, 100, o.items)
				}
				assert.Empty(t, b.reported)
			})
		}
	}
}

// gRPC has one code for a message that is too large and for a quota: a record that
// is over the quota at the moment is not convicted by what was accepted before it.
func TestAQuotaLosesNothing(t *testing.T) {
	for seed := range uint64(50) {
		synctest.Test(t, func(t *testing.T) {
			b, rnd := newBackEnd(), rand.New(rand.NewPCG(seed, 2))
			const room, perSecond = 10.0, 5.0
			tokens, last := room, time.Now()
			b.latency = time.Duration(1+rnd.IntN(50)) * time.Millisecond
			b.answer = func(_ *backEnd, items []int) error {
				tokens = min(room, tokens+perSecond*time.Since(last).Seconds())
				last = time.Now()
				if float64(len(items)) > tokens {
					return errQuota
				}
				tokens -= float64(len(items))
				return nil
			}
			r := newRefusals(b)
			var all sync.WaitGroup
			for d := range 4 {
				all.Go(func() {
					_, _, err := r.settle(t.Context(), batchOf{b, d * 30, 30})
					assert.NoError(t, err)
				})
			}
			all.Wait()
			checkSettled(t, b, 120)
		})
	}
}

// Others may use a quota up again and again.
func TestAQuotaIsWaitedForTwentyTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, refusals := newBackEnd(), 0
		b.answer = func(_ *backEnd, items []int) error {
			if slices.Contains(items, 0) && refusals < 2+quotaOffers-1 {
				refusals++ // with its batch, alone, and all but the last of those with a wait
				return errQuota
			}
			return nil
		}
		settleAll(t, newRefusals(b), b, 2)
	})
}

// What was accepted may have used a quota up, so that there is a wait before what
// was over it is offered again.
func TestAnAcceptanceIsNoReasonToHurryWithAQuota(t *testing.T) {
	for err, paced := range map[error]bool{errQuota: true, errPoison: false} {
		r := newRefusals(newBackEnd())
		o := newOffering(r, batchOf{newBackEnd(), 0, 3})
		o.next()
		o.refuse([]int{0, 1, 2}, false, false, err)
		assert.False(t, o.next().waits, "a smaller piece may fit")
		o.refuse([]int{0}, false, false, err)
		assert.Equal(t, paced, o.next().waits)
		o.accept([]int{1}, r.tick())
		again := o.next()
		assert.Equal(t, []int{0}, again.items)
		assert.Equal(t, paced, again.waits)
	}
}

func TestAQuotaForOneRecordIsNoQuota(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBackEnd()
		b.answer = func(_ *backEnd, items []int) error {
			if slices.Contains(items, 7) {
				return errQuota
			}
			return nil
		}
		dropped, _, err := newRefusals(b).settle(t.Context(), batchOf{b, 0, 100})
		require.NoError(t, err)
		assert.Equal(t, 1, dropped)
		assert.Equal(t, map[int]int{7: 1}, b.dropped)
		assert.Len(t, b.accepted, 99)
	})
}

// A record that is alone in its batch, and larger than gRPC takes, must not stop
// everything for ever.
func TestAQuotaForABatchOfOneRecordIsNoQuota(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBackEnd()
		b.answer = func(_ *backEnd, items []int) error {
			if slices.Contains(items, 0) {
				return errQuota
			}
			return nil
		}
		r := newRefusals(b)
		done := make(chan struct{})
		go func() {
			defer close(done)
			dropped, _, err := r.settle(t.Context(), batchOf{b, 0, 1})
			assert.NoError(t, err)
			assert.Equal(t, 1, dropped)
		}()
		time.Sleep(time.Hour)
		synctest.Wait()
		assert.Empty(t, b.dropped)
		for i := range 3 {
			_, _, err := r.settle(t.Context(), batchOf{b, 1 + i, 1})
			require.NoError(t, err)
			time.Sleep(time.Minute)
		}
		<-done
	})
}

func TestDropIsTheFirstEditionsWay(t *testing.T) {
	b := newBackEnd(3)
	r := newRefusals(b)
	r.policy = refusalDrop
	dropped, _, err := r.settle(t.Context(), batchOf{b, 0, 100})
	require.NoError(t, err)
	assert.Equal(t, 100, dropped)
	assert.Equal(t, 100, b.givenUp)
	assert.Len(t, b.offers, 1)
}

func TestWithoutRetriesARefusalIsStillWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, begin := newBackEnd(), time.Now()
		b.answer = func(*backEnd, []int) error {
			if time.Since(begin) < time.Hour {
				return errToken
			}
			return nil
		}
		r := newRefusals(b)
		r.retry.Enabled = false
		settleAll(t, r, b, 100)

		b.answer = func(*backEnd, []int) error { return errBusy }
		dropped, _, err := r.settle(t.Context(), batchOf{b, 100, 50})
		require.NoError(t, err)
		assert.Equal(t, 50, dropped, "an error for now is the last one, as ever")
		assert.Equal(t, 50, b.givenUp)
	})
}

func TestMaxElapsedTimeGivesUpWhatIsLeft(t *testing.T) {
	for _, err := range []error{errBusy, errToken} {
		synctest.Test(t, func(t *testing.T) {
			b, begin := newBackEnd(), time.Now()
			b.answer = func(b *backEnd, items []int) error {
				if slices.Contains(items, 0) || len(b.accepted) > 0 {
					return err
				}
				return nil
			}
			r := newRefusals(b)
			r.retry.MaxElapsedTime = 5 * time.Minute
			dropped, _, settled := r.settle(t.Context(), batchOf{b, 0, 100})
			require.NoError(t, settled)
			assert.Equal(t, 100, dropped+len(b.accepted))
			assert.Equal(t, dropped, b.givenUp+len(b.dropped))
			assert.LessOrEqual(t, time.Since(begin), 5*time.Minute)
			assert.Greater(t, time.Since(begin), 4*time.Minute)
		})
	}
}
