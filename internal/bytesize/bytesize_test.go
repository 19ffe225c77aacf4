package bytesize

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSizes(t *testing.T) {
	for text, want := range map[string]Size{"0": 0, "1048576": 1 << 20, "3MiB": 3 << 20, "2 MB": 2_000_000, "16GiB": 16 << 30} {
		var s Size
		require.NoError(t, s.UnmarshalText([]byte(text)), text)
		assert.Equal(t, want, s, text)
	}
	for _, text := range []string{"", "many", "-1", "3XiB", "16EiB"} {
		s := Size(7)
		require.ErrorContains(t, s.UnmarshalText([]byte(text)), "is not a size", text)
		assert.Equal(t, Size(7), s, text)
	}
	assert.Equal(t, "1.0 MiB", Size(1<<20).String())
	assert.Equal(t, "0 B", Size(-1).String())
}
