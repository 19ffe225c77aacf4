package s3accesslogsreceiver

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/config/configretry"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.uber.org/zap"
	"google.golang.org/grpc/codes"
	grpcstatus "google.golang.org/grpc/status"
)

var (
	errToken  = consumererror.NewPermanent(errors.New("401 the token has expired"))
	errSize   = consumererror.NewPermanent(errors.New("413 too large"))
	errPoison = consumererror.NewPermanent(errors.New("400 bad record"))
	errQuota  = consumererror.NewPermanent(grpcstatus.Error(codes.ResourceExhausted, "quota"))
)

// backEnd is a simulated one. It answers on the clock of a synctest bubble.
type backEnd struct {
	answer  func(b *backEnd, items []int) error // before all else; nil: no opinion
	limit   int                                 // items in a request; 0: none
	poison  map[int]bool
	latency time.Duration

	mu       sync.Mutex // guards everything below
	accepted map[int]int
	dropped  map[int]int
	givenUp  int
	offers   []offered
	reported []error
}

type offered struct {
	at    time.Time
	items int
	err   error
}

func (b *backEnd) offer(_ context.Context, items []int) error {
	time.Sleep(b.latency)
	b.mu.Lock()
	defer b.mu.Unlock()
	err := b.judge(items)
	b.offers = append(b.offers, offered{time.Now(), len(items), err})
	for _, i := range items {
		if err == nil {
			b.accepted[i]++
		}
	}
	return err
}

func (b *backEnd) judge(items []int) error {
	if b.answer != nil {
		if err := b.answer(b, items); err != nil {
			return err
		}
	}
	if b.limit > 0 && len(items) > b.limit {
		return errSize
	}
	if slices.ContainsFunc(items, func(i int) bool { return b.poison[i] }) {
		return errPoison
	}
	return nil
}

// refusedOffers returns how many offers were not accepted.
func (b *backEnd) refusedOffers() (n int) {
	for _, o := range b.offers {
		if o.err != nil {
			n++
		}
	}
	return n
}

// batchOf is a payload for a backEnd: n items from a first one on, 100 bytes each.
type batchOf struct {
	*backEnd
	first, n int
}

func (p batchOf) items() int   { return p.n }
func (p batchOf) size(int) int { return 100 }

func (p batchOf) offer(ctx context.Context, items []int) ([]int, error) {
	if !slices.IsSorted(items) {
		panic("not in ascending order")
	}
	all := slices.Clone(items)
	for i := range all {
		all[i] += p.first
	}
	return items, p.backEnd.offer(ctx, all)
}

func (p batchOf) dropped(item int, _ error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.backEnd.dropped[p.first+item]++
}

func (p batchOf) givenUp(items []int, _ error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.backEnd.givenUp += len(items)
}

func newBackEnd(poison ...int) *backEnd {
	b := &backEnd{accepted: map[int]int{}, dropped: map[int]int{}, poison: map[int]bool{}}
	for _, i := range poison {
		b.poison[i] = true
	}
	return b
}

// steadyRetry waits 1, 2, 4 ... 32 s.
func steadyRetry() configretry.BackOffConfig {
	retry := defaultRetry()
	retry.RandomizationFactor, retry.Multiplier, retry.MaxInterval = 0, 2, 32*time.Second
	return retry
}

func newRefusals(b *backEnd) *refusals {
	return &refusals{
		policy: refusalWait, retry: steadyRetry(), what: "records", log: zap.NewNop(), countOutcome: func(string) {},
		report: func(err error) {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.reported = append(b.reported, err)
		},
	}
}

// settleAll settles items 0 to n-1 of which only the poisonous are dropped.
func settleAll(t *testing.T, r *refusals, b *backEnd, n int) {
	t.Helper()
	dropped, _, err := r.settle(t.Context(), batchOf{b, 0, n})
	require.NoError(t, err)
	checkSettled(t, b, n)
	require.Len(t, b.dropped, dropped)
}

func checkSettled(t *testing.T, b *backEnd, n int) {
	t.Helper()
	accepted, dropped := map[int]int{}, map[int]int{}
	for i := range n {
		if b.poison[i] {
			dropped[i] = 1
		} else {
			accepted[i] = 1
		}
	}
	require.Equal(t, dropped, b.dropped, "dropped and named once each")
	require.Equal(t, accepted, b.accepted, "accepted once each")
	require.Zero(t, b.givenUp)
}

func poisonFrom(first, n int) []int {
	all := allItems(n)
	for i := range all {
		all[i] += first
	}
	return all
}
