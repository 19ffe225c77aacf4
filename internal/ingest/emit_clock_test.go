package ingest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestClockWasSet(t *testing.T) {
	const minute = time.Minute
	assert.False(t, wasSet(minute, minute))
	assert.False(t, wasSet(minute+time.Second, minute), "clocks are adjusted")
	assert.True(t, wasSet(240*time.Hour, minute))
	assert.True(t, wasSet(-240*time.Hour, minute))
}
