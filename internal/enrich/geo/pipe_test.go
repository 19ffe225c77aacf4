//go:build unix

package geo

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What is no file must not hang the watching, nor fill the memory.
func TestWhatIsNoFileIsRefused(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	require.NoError(t, syscall.Mkfifo(pipe, 0o600))
	huge := filepath.Join(t.TempDir(), "huge")
	require.NoError(t, os.WriteFile(huge, nil, 0o600))
	require.NoError(t, os.Truncate(huge, maxSize+1))
	r := newRig(t, pipe, t.TempDir(), "/dev/zero", huge)
	require.Equal(t, []LoadOutcome{Refused, Refused, Refused, Refused}, outcomes(r.attempts))
	for i, want := range []error{errNotRegular, errNotRegular, errNotRegular, errTooLarge} {
		assert.ErrorIs(t, r.attempts[i].Err, want)
	}
}
