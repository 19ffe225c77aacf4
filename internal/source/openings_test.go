package source_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

func TestABucketIsInTroubleWhileItIsSlowOrFails(t *testing.T) {
	var o source.Openings
	first, second := time.Unix(100, 0), time.Unix(101, 0)
	o.Begin(first)
	o.Begin(second)
	assert.False(t, o.Troubled(first.Add(source.SlowAfter)))
	assert.True(t, o.Troubled(first.Add(source.SlowAfter+1)))
	o.Answer(first, nil, false)
	assert.False(t, o.Troubled(first.Add(source.SlowAfter+1)), "the second began later")
	o.Answer(second, fmt.Errorf("%w: any", source.ErrUnreachable), false)
	assert.True(t, o.Troubled(second))
	assert.False(t, o.Wait())

	o.Begin(second)
	o.Answer(second, nil, true)
	assert.True(t, o.Troubled(second), "nobody waited for an answer")
	o.Begin(second)
	o.Answer(second, source.ErrDenied, false)
	assert.False(t, o.Troubled(second), "a denial is an answer")
}
