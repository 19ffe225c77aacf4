package s3accesslogsreceiver

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/consumer/consumertest"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/s3io"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source/fleet"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source/listing"
)

func TestWrongListsAreTold(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "any")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "any")
	var answer atomic.Value
	answer.Store("<html>sign in</html>")
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, answer.Load().(string))
	}))
	t.Cleanup(server.Close)
	cfg := createDefaultConfig().(*Config)
	cfg.AWS = s3io.Config{Endpoint: server.URL, ForcePathStyle: true}
	cfg.Bucket = configoptional.Some(fleet.Config{Config: listing.Config{
		Name: "logs", Prefix: "access/", Layout: listing.Simple, StartFrom: "latest", PollInterval: time.Second, Lookback: time.Hour,
	}})
	r := startReceiver(t, cfg, new(consumertest.LogsSink))
	require.ErrorContains(t, r.awaitStatus(t, componentstatus.StatusRecoverableError), "the answer is not the list that was asked for: HTML page")
	answer.Store(`<ListBucketResult><Name>logs</Name><IsTruncated>false</IsTruncated>` +
		`<Contents><Key>access/x</Key></Contents><Contents><Key>other/x</Key></Contents></ListBucketResult>`)
	warning := r.awaitLogged(t, "a list is not as S3 gives it")
	assert.Contains(t, warning["error"], `entries that were not asked for (1 in a page, such as "other/x")`)
}
