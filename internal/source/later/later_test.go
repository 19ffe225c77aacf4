package later

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

// push hands back work that tells its number by its size.
func push(q *RetryList, number int64, now time.Time) {
	q.Push(&source.Work{Object: source.Object{Size: number}}, now)
}

func TestWorkIsOfferedAsItWasHandedBack(t *testing.T) {
	q := New(0, 1)
	first := &source.Work{Object: source.Object{Key: "k"}, Offset: 3, Attempt: 1, Group: "g", ID: source.ID{7}}
	before := *first
	again := Again(first, 50, true)
	q.Push(again, time.Time{})
	assert.Equal(t, before, *first, "who handed it back may still look at it")
	assert.Equal(t, &source.Work{Object: source.Object{Key: "k"}, Offset: 50, Attempt: 2, Group: "g", ID: source.ID{7}}, again)
	assert.Same(t, again, q.Pop(time.Time{}))
	assert.Equal(t, 2, Again(again, 60, false).Attempt, "not charged")
}

func TestWorkComesInOrderAndNotBefore(t *testing.T) {
	q := New(10*time.Second, 3)
	start := time.Unix(1000, 0)
	_, ok := q.Due()
	assert.False(t, ok)
	for i := range 3 {
		assert.False(t, q.Full(start))
		push(q, int64(i), start.Add(time.Duration(i)*time.Second))
	}
	assert.False(t, q.Full(start), "one may pass")
	q.Passed(start)
	assert.True(t, q.Full(start))
	assert.False(t, q.Full(start.Add(10*time.Second)), "and another one after the wait")
	due, ok := q.Due()
	assert.True(t, ok)
	assert.Equal(t, start.Add(10*time.Second), due)
	assert.Nil(t, q.Pop(due.Add(-1)))
	for i := range 3 {
		work := q.Pop(due.Add(time.Duration(i) * time.Second))
		require.NotNil(t, work)
		assert.Equal(t, int64(i), work.Object.Size)
	}
	assert.Nil(t, q.Pop(due.Add(time.Hour)))
	assert.False(t, q.Full(due))
	q.Passed(due)
	assert.False(t, q.Full(due))
}

func TestPushWakes(t *testing.T) {
	q := New(0, 1)
	select {
	case <-q.Woken():
		t.Fatal("woken by nothing")
	default:
	}
	push(q, 1, time.Now())
	push(q, 2, time.Now()) // does not block
	<-q.Woken()
}

func TestMemoryStaysThatOfWhatIsKept(t *testing.T) {
	q := New(0, 1)
	now := time.Now()
	next := int64(0)
	for i := range 10_000 {
		push(q, int64(i), now)
		if i >= 10 {
			work := q.Pop(now)
			require.NotNil(t, work)
			require.Equal(t, next, work.Object.Size)
			next++
		}
	}
	assert.Less(t, cap(q.items), 100)
}

func TestConcurrentUse(t *testing.T) {
	q := New(0, 1)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i := range 1000 {
				push(q, int64(i), time.Time{})
			}
		})
	}
	sum := int64(0)
	for n := 0; n < 4000; {
		if work := q.Pop(time.Now()); work != nil {
			sum += work.Object.Size
			n++
		} else {
			<-q.Woken()
		}
	}
	wg.Wait()
	assert.Equal(t, int64(4*999*1000/2), sum)
}
