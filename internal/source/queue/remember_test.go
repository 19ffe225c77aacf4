package queue

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

func TestObjectsAreForgottenAfterRemember(t *testing.T) {
	r := newRig(t)
	r.remote.Send(event("one"))
	w := r.next()
	r.progress.finish(w)
	assert.Equal(t, []string{w.Group}, r.progress.Groups())
	assert.Empty(t, r.Change().Forget)

	r.clock.advance(47 * time.Hour)
	assert.Empty(t, r.Change().Forget)
	r.clock.advance(2 * time.Hour)
	assert.Equal(t, source.Change{Forget: []string{w.Group}}, r.Change())
	assert.Empty(t, r.Change(), "once an hour")
}
