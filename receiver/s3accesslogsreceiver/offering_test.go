package s3accesslogsreceiver

import (
	"context"
	"maps"
	"math/bits"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSingleItemsThatAreRefusedAreDropped(t *testing.T) {
	for _, n := range []int{2, 3, 4, 7, 50, 2048} {
		waited := 0
		for i := 0; i < n; i += 1 + n/70 {
			synctest.Test(t, func(t *testing.T) {
				b, begin := newBackEnd(i), time.Now()
				settleAll(t, newRefusals(b), b, n)
				if !time.Now().Equal(begin) {
					waited++
					return
				}
				assert.LessOrEqual(t, len(b.offers), 2*bits.Len(uint(n))+3, "%d of %d", i, n)
				assert.Empty(t, b.reported, "the back end is well")
			})
		}
		assert.LessOrEqual(t, waited, 1, "only what happens to be offered last waits: %d", n)
	}
}

// A large part of a batch can be of no use to the back end, such as what is older
// than it takes: that must neither take hours nor hide the rest.
func TestManyRefusedItemsDoNotStallTheOthers(t *testing.T) {
	for _, poison := range [][]int{
		poisonFrom(0, 1000), poisonFrom(1048, 1000), poisonFrom(500, 1000), poisonFrom(0, 1500), poisonFrom(300, 1600),
		{1, 3, 5, 7, 9, 11, 13, 15},
	} {
		synctest.Test(t, func(t *testing.T) {
			b, begin := newBackEnd(poison...), time.Now()
			settleAll(t, newRefusals(b), b, 2048)
			assert.Less(t, time.Since(begin), 15*time.Minute, "%d from %d: but for five offers each of the last ones", len(poison), poison[0])
			assert.Less(t, len(b.offers), 4*len(poison)+100)
		})
	}
}

// During an outage that looks like a refusal nothing is dropped, and the back end
// has peace.
func TestNothingIsDroppedWhileNothingIsAccepted(t *testing.T) {
	for _, n := range []int{1, 2, 3, 100, 2048} {
		synctest.Test(t, func(t *testing.T) {
			b := newBackEnd()
			begin := time.Now()
			b.answer = func(*backEnd, []int) error {
				if time.Since(begin) < time.Hour {
					return errToken
				}
				return nil
			}
			settleAll(t, newRefusals(b), b, n)
			free, waits := 0, 0
			for _, o := range b.offers {
				if o.at.Equal(begin) {
					free++
				} else if o.err != nil {
					waits++
				}
			}
			assert.LessOrEqual(t, free, 2*(bits.Len(uint(n-1))+1), "once")
			assert.Less(t, waits, 3600/32+6, "then one a back-off")
			assert.Less(t, time.Since(begin), time.Hour+2*32*time.Second)
			require.Len(t, b.reported, 2)
			require.ErrorContains(t, b.reported[0], "the token has expired")
			assert.NoError(t, b.reported[1])
		})
	}
}

func TestNothingIsDroppedWithoutAnAcceptanceAndAShutdownEndsIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBackEnd(0)
		ctx, cancel := context.WithTimeout(t.Context(), 1000*time.Hour)
		defer cancel()
		dropped, _, err := newRefusals(b).settle(ctx, batchOf{b, 0, 1})
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Zero(t, dropped)
		assert.Empty(t, b.dropped)
	})
}

// A first record that is refused, in a batch that is too large, hides nothing: in
// turn all and a single one are offered.
func TestTheBackEndIsFoundWellAgainWhateverItRefuses(t *testing.T) {
	for name, set := range map[string]func(*backEnd){
		"nothing":              func(*backEnd) {},
		"large pieces":         func(b *backEnd) { b.limit = 10 },
		"all but single items": func(b *backEnd) { b.limit = 1 },
		"the first half":       func(b *backEnd) { b.poison = newBackEnd(poisonFrom(0, 50)...).poison },
		"every other":          func(b *backEnd) { b.poison = newBackEnd(1, 3, 5, 7, 9, 11, 13).poison },
		"all but one":          func(b *backEnd) { b.poison = newBackEnd(append(poisonFrom(0, 37), poisonFrom(38, 62)...)...).poison },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b, begin := newBackEnd(), time.Now()
				set(b)
				b.answer = func(*backEnd, []int) error {
					if time.Since(begin) < 90*time.Second {
						return errToken
					}
					return nil
				}
				settleAll(t, newRefusals(b), b, 100)
			})
		})
	}
}

// An acceptance that began before a record was refused proves nothing: a token may
// have expired in between.
func TestAnAcceptanceBeforeARefusalProvesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBackEnd()
		r := newRefusals(b)
		settleAll(t, r, b, 10)
		begin := time.Now()
		b.answer = func(*backEnd, []int) error {
			if time.Since(begin) < time.Hour {
				return errToken
			}
			return nil
		}
		dropped, _, err := r.settle(t.Context(), batchOf{b, 10, 1})
		require.NoError(t, err)
		assert.Zero(t, dropped)
		checkSettled(t, b, 11)
	})
}

// The offer of another delivery that is accepted late, but began before, neither.
func TestAnAcceptanceThatBeganBeforeARefusalProvesNothing(t *testing.T) {
	b := newBackEnd()
	r := newRefusals(b)
	o := newOffering(r, batchOf{b, 0, 2})
	begun := r.tick()
	o.next()
	o.refuse([]int{0}, false, false, errToken)
	r.accept(begun)
	assert.False(t, o.acceptedSince(0))
	r.accept(r.tick())
	assert.True(t, o.acceptedSince(0))
}

func TestAnAcceptanceOfAnotherDeliveryIsEvidence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBackEnd(0)
		r := newRefusals(b)
		done := make(chan struct{})
		go func() {
			defer close(done)
			dropped, _, err := r.settle(t.Context(), batchOf{b, 0, 1})
			assert.NoError(t, err)
			assert.Equal(t, 1, dropped)
		}()
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		require.Empty(t, b.dropped)
		_, _, err := r.settle(t.Context(), batchOf{b, 1, 5})
		require.NoError(t, err)
		<-done
		checkSettled(t, b, 6)
	})
}

// When nothing is left that could be accepted after it, an item whose batchmates
// were is offered five times more, with the back-off.
func TestTheLastItemIsOfferedFiveTimesMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, begin := newBackEnd(1), time.Now()
		settleAll(t, newRefusals(b), b, 2)
		assert.Equal(t, 1+1+1+lastOffers, len(b.offers))
		assert.Equal(t, (1+2+4+8+16)*time.Second, time.Since(begin))
	})
}

// An outage of a few offers may begin at any offer: no record that the back end
// takes is lost.
func TestAShortOutageAtAnyMomentLosesNothing(t *testing.T) {
	for n := 1; n <= 9; n++ {
		for poison := -1; poison < n; poison++ {
			if n == 1 && poison == 0 {
				continue // it waits
			}
			for from := range 20 {
				for length := 1; length < lastOffers; length++ {
					synctest.Test(t, func(t *testing.T) {
						b := newBackEnd(poison)
						delete(b.poison, -1)
						b.answer = func(b *backEnd, _ []int) error {
							if k := len(b.offers); k >= from && k < from+length {
								return errToken
							}
							return nil
						}
						settleAll(t, newRefusals(b), b, n)
					})
				}
			}
		}
	}
}

// scenario is a back end with all kinds of trouble.
func scenario(rnd *rand.Rand, n int) *backEnd {
	b := newBackEnd()
	for range rnd.IntN(3) {
		b.poison[rnd.IntN(n)] = true
	}
	if rnd.IntN(4) == 0 { // one behind the other
		first, count := rnd.IntN(n), rnd.IntN(n/2+1)
		for i := first; i < min(first+count, n); i++ {
			b.poison[i] = true
		}
	}
	if rnd.IntN(2) == 0 {
		b.limit = 1 + rnd.IntN(n)
	}
	b.latency = time.Duration(rnd.IntN(20)) * time.Millisecond
	begin := time.Now()
	outage := time.Duration(rnd.IntN(2000)) * time.Millisecond
	length := time.Duration(rnd.IntN(20_000)) * time.Millisecond
	busy := time.Duration(rnd.IntN(2000)) * time.Millisecond
	b.answer = func(*backEnd, []int) error {
		at := time.Since(begin)
		switch {
		case at >= outage && at < outage+length:
			return errToken
		case at >= busy && at < busy+10*time.Second:
			return errBusy
		}
		return nil
	}
	return b
}

// Whatever a back end goes through, with deliveries in parallel: each record that
// it takes arrives once, each that it does not is dropped and named once.
func TestEachRecordIsAcceptedOrDroppedOnce(t *testing.T) {
	seeds := uint64(600)
	if testing.Short() {
		seeds = 100
	}
	for seed := range seeds {
		synctest.Test(t, func(t *testing.T) {
			rnd := rand.New(rand.NewPCG(seed, 1))
			const deliveries = 4
			each := 1 + rnd.IntN(300)
			b := scenario(rnd, (deliveries+1)*each)
			maps.DeleteFunc(b.poison, func(i int, _ bool) bool { return i >= deliveries*each || i%each == 0 })
			r := newRefusals(b)
			var all sync.WaitGroup
			for d := range deliveries {
				all.Go(func() {
					_, _, err := r.settle(t.Context(), batchOf{b, d * each, each})
					assert.NoError(t, err)
				})
			}
			all.Wait()
			checkSettled(t, b, deliveries*each)
			if t.Failed() {
				t.Log("seed", seed)
			}
		})
	}
}
