package checkpoint_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/checkpoint"
)

func TestMarkerTellsAFreshStartFromProgressThatIsGone(t *testing.T) {
	first, other := mapClient{}, mapClient{}
	s, err := checkpoint.Open(t.Context(), first, nil)
	require.NoError(t, err)
	require.ErrorIs(t, s.CheckMarker(t.Context(), other), checkpoint.ErrNoMarker)
	require.NoError(t, s.Mark(t.Context(), other))
	require.NoError(t, s.CheckMarker(t.Context(), other))

	s, err = checkpoint.Open(t.Context(), first, nil)
	require.NoError(t, err)
	require.NoError(t, s.CheckMarker(t.Context(), other), "after a restart")

	for range 2 { // a second start does not take it for granted either
		s, err = checkpoint.Open(t.Context(), mapClient{}, nil)
		require.NoError(t, err)
		require.ErrorIs(t, s.CheckMarker(t.Context(), other), checkpoint.ErrUnreadable)
	}

	value, err := other.Get(t.Context(), "marker")
	require.NoError(t, err)
	for i := range value {
		damaged := append([]byte(nil), value...)
		damaged[i] ^= 1
		require.NoError(t, other.Set(t.Context(), "marker", damaged))
		assert.ErrorIs(t, s.CheckMarker(t.Context(), other), checkpoint.ErrNoMarker, "a marker that is damaged says nothing")
	}
}
