package s3accesslogsreceiver

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source/fleet"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source/listing"
	"github.com/otelcol-s3audit/otelcol-s3audit/receiver/s3accesslogsreceiver/internal/metadata"
)

func bucketConfig(change func(*fleet.Config)) *Config {
	cfg := createDefaultConfig().(*Config)
	bucket := fleet.DefaultConfig()
	bucket.Name, bucket.Prefix = "logs", "access/"
	change(&bucket)
	cfg.Bucket = configoptional.Some(bucket)
	return cfg
}

func TestTwoReceiversOfTheSameLogObjectsAreWarnedOfOnce(t *testing.T) {
	share := func(index, count int) func(*fleet.Config) {
		return func(c *fleet.Config) { c.Shard = listing.Shard{Share: listing.Share{Index: index, Count: count}} }
	}
	same := func(*fleet.Config) {}
	for name, c := range map[string]struct {
		a, b func(*fleet.Config)
		want string
	}{
		"the same":                  {same, same, "s3://logs/access/"},
		"a prefix within the other": {same, func(c *fleet.Config) { c.Prefix = "access/shop/" }, "s3://logs/access/shop/"},
		"one of several":            {same, func(c *fleet.Config) { c.Name, c.Names = "", []string{"other", "logs"} }, "s3://logs/access/"},
		"a share and all":           {share(1, 2), same, "s3://logs/access/"},
		"another prefix":            {same, func(c *fleet.Config) { c.Prefix = "other/" }, ""},
		"another bucket":            {same, func(c *fleet.Config) { c.Name = "other" }, ""},
		"two shares":                {share(0, 2), share(1, 2), ""},
	} {
		t.Run(name, func(t *testing.T) {
			core, logged := observer.New(zap.WarnLevel)
			registry := newRegistry(systemClock{})
			create := func(id string, cfg *Config) {
				set := receivertest.NewNopSettings(metadata.Type)
				set.ID, set.Logger = component.NewIDWithName(metadata.Type, id), zap.New(core)
				_, err := registry.factory().CreateLogs(t.Context(), set, cfg, consumertest.NewNop())
				require.NoError(t, err)
				_, err = registry.factory().CreateMetrics(t.Context(), set, cfg, consumertest.NewNop())
				require.NoError(t, err)
			}
			create("a", bucketConfig(c.a))
			create("b", bucketConfig(c.b))
			var warnings []string
			for _, e := range logged.All() {
				warnings = append(warnings, e.Message)
			}
			if c.want == "" {
				assert.Empty(t, warnings)
				return
			}
			assert.Equal(t, []string{"s3_access_logs/b and s3_access_logs/a read the same log objects, so that their records come twice: " + c.want +
				"; leave one of them out, or give each a share by bucket.shard"}, warnings)
		})
	}
}

func TestReceiversOfDifferentServersAreNotWarnedOf(t *testing.T) {
	same := func(*fleet.Config) {}
	a, b := bucketConfig(same), bucketConfig(same)
	b.AWS.Endpoint = "https://s3.example.com"
	assert.Empty(t, a.sameAs(b))
	assert.NotEmpty(t, a.sameAs(bucketConfig(same)))
}
