package later

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestItemsComeInOrderAndNotBefore(t *testing.T) {
	q := New[int](10*time.Second, 3)
	start := time.Unix(1000, 0)
	_, ok := q.Due()
	assert.False(t, ok)
	for i := range 3 {
		assert.False(t, q.Full(start))
		q.Push(i, start.Add(time.Duration(i)*time.Second))
	}
	assert.False(t, q.Full(start), "one may pass")
	q.Passed(start)
	assert.True(t, q.Full(start))
	assert.False(t, q.Full(start.Add(10*time.Second)), "and another one after the wait")
	due, ok := q.Due()
	assert.True(t, ok)
	assert.Equal(t, start.Add(10*time.Second), due)
	_, ok = q.Pop(due.Add(-1))
	assert.False(t, ok)
	for i := range 3 {
		item, ok := q.Pop(due.Add(time.Duration(i) * time.Second))
		require.True(t, ok)
		assert.Equal(t, i, item)
	}
	_, ok = q.Pop(due.Add(time.Hour))
	assert.False(t, ok)
	assert.False(t, q.Full(due))
	q.Passed(due)
	assert.False(t, q.Full(due))
}

func TestPushWakes(t *testing.T) {
	q := New[int](0, 1)
	select {
	case <-q.Woken():
		t.Fatal("woken by nothing")
	default:
	}
	q.Push(1, time.Now())
	q.Push(2, time.Now()) // does not block
	<-q.Woken()
}

func TestMemoryStaysThatOfWhatIsKept(t *testing.T) {
	q := New[int](0, 1)
	now := time.Now()
	next := 0
	for i := range 10_000 {
		q.Push(i, now)
		if i >= 10 {
			item, ok := q.Pop(now)
			require.True(t, ok)
			require.Equal(t, next, item)
			next++
		}
	}
	assert.Less(t, cap(q.items), 100)
}

func TestConcurrentUse(t *testing.T) {
	q := New[int](0, 1)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i := range 1000 {
				q.Push(i, time.Time{})
			}
		})
	}
	sum := 0
	for n := 0; n < 4000; {
		if item, ok := q.Pop(time.Now()); ok {
			sum += item
			n++
		} else {
			<-q.Woken()
		}
	}
	wg.Wait()
	assert.Equal(t, 4*999*1000/2, sum)
}
