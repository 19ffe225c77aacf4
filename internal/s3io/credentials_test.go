package s3io_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/s3io"
)

const role = "arn:aws:iam::111122223333:role/reader"

func listAs(t *testing.T, cfg s3io.Config) error {
	t.Helper()
	cfg.Endpoint, cfg.ForcePathStyle = "http://127.0.0.1:1", true
	c, err := s3io.New(context.Background(), cfg, s3io.Deps{})
	require.NoError(t, err)
	defer c.Close()
	_, err = c.List(context.Background(), s3io.ListInput{Bucket: "b", Prefix: "p/"})
	return err
}

// A role cannot be assumed without credentials to begin with: then the role is
// not what is wrong.
func TestNobodyToAssumeARole(t *testing.T) {
	setCredentials(t)
	t.Setenv("AWS_ACCESS_KEY_ID", "")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "")
	noRole := serve(t, http.NotFoundHandler())
	for name, c := range map[string]struct{ env, value, says string }{
		"no metadata":     {"AWS_EC2_METADATA_DISABLED", "true", "none in the environment or the shared files, and none from the machine"},
		"no machine role": {"AWS_EC2_METADATA_SERVICE_ENDPOINT", noRole, "none in the environment or the shared files, and none from the machine"},
		"no pod role":     {"AWS_CONTAINER_CREDENTIALS_FULL_URI", noRole, "s3://b/p/: 404 page not found;"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("AWS_EC2_METADATA_DISABLED", "")
			t.Setenv(c.env, c.value)
			err := listAs(t, s3io.Config{RoleARN: role})
			require.ErrorIs(t, err, s3io.ErrNoCredentials)
			for _, part := range []string{c.says, "set AWS_ACCESS_KEY_ID", role + " is assumed"} {
				assert.ErrorContains(t, err, part)
			}
			assert.NotContains(t, err.Error(), "trust policy")
			assert.NotContains(t, err.Error(), "\n")
			err = listAs(t, s3io.Config{})
			assert.ErrorContains(t, err, c.says)
			assert.NotContains(t, err.Error(), role)
		})
	}
}
