package queue

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestUnknownMessagesAreToldByReason(t *testing.T) {
	var logged []string
	u := unknownReasons{tell: func(m UnknownMessages) { logged = append(logged, fmt.Sprint(m.ID, " ", m.Why, " ", m.Count)) }}
	now := time.Unix(1e9, 0)
	for i := range 1000 {
		u.add(fmt.Sprint("a", i), errors.New("not JSON"), now)
		u.add(fmt.Sprint("b", i), errors.New("not UTF-8"), now)
	}
	assert.Equal(t, []string{"a0 not JSON 1", "b0 not UTF-8 1"}, logged, "a frequent reason hides no other")
	u.flush(now.Add(unknownInterval - 1))
	assert.Len(t, logged, 2)
	now = now.Add(unknownInterval)
	u.flush(now)
	assert.ElementsMatch(t, []string{"a999 not JSON 999", "b999 not UTF-8 999"}, logged[2:])
	u.flush(now.Add(time.Hour))
	assert.Len(t, logged, 4, "nothing came since")
	u.add("a", errors.New("not JSON"), now.Add(time.Hour))
	assert.Equal(t, "a not JSON 1", logged[4])
	for i := range 2 * maxReasons {
		u.add("x", fmt.Errorf("reason %d", i), now)
	}
	assert.Len(t, u.byReason, maxReasons)
}
