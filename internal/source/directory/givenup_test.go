package directory

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

func TestFileThatWasGivenUpIsReadAsItWas(t *testing.T) {
	r := newRig(t, nil)
	r.write(t, "a/one", "0123456789")
	w, err := r.Next(t.Context())
	require.NoError(t, err)

	again := *w
	again.Offset, again.Alias = 4, source.ID{}
	again.Content = r.Content(&again)
	assert.Equal(t, "456789", read(t, &again))
	assert.Equal(t, w.Alias, again.Alias, "it is known under other names")
	w.Receipt.Ack()

	path := filepath.Join(r.dir, "a/one")
	r.write(t, "a/one", "another text")
	_, err = again.Content.OpenAt(t.Context(), 4)
	require.ErrorIs(t, err, source.ErrChanged)
	require.NoError(t, os.Remove(path))
	_, err = again.Content.OpenAt(t.Context(), 4)
	require.ErrorIs(t, err, source.ErrGone)
	require.NoError(t, os.Symlink("/etc/passwd", path))
	_, err = again.Content.OpenAt(t.Context(), 4)
	require.Error(t, err, "a link that leads out")

	for _, object := range []source.Object{{Bucket: "logs", Key: path}, {Key: "/etc/passwd"}} {
		assert.Nil(t, r.Content(&source.Work{Object: object}), object.Key)
	}
}
