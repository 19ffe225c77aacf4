package s3accesslogsreceiver

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source/fleet"
)

func TestAKeyThatIsNoSettingNamesTheNearest(t *testing.T) {
	const bucket = "bucket: {name: b}\n"
	for settings, want := range map[string]string{
		bucket + `delivries: 3`:                              "`delivries` is no setting: the nearest is `deliveries`",
		bucket + `Storage: a`:                                "`Storage` is no setting: the nearest is `storage`",
		bucket + `prefix: access/`:                           "`prefix` is no setting: the nearest is `bucket::prefix`",
		bucket + `start_from: earliest`:                      "`start_from` is no setting: the nearest is `bucket::start_from`",
		bucket + `region: eu-west-1`:                         "`region` is no setting: the nearest is `aws::region`",
		bucket + `batch_size: 5`:                             "`batch_size` is no setting: the nearest is `logs::batch_size`",
		`bucket: {name: b, prefx: a}`:                        "`bucket::prefx` is no setting: the nearest is `bucket::prefix`",
		`bucket: {name: b, region: a}`:                       "`bucket::region` is no setting: the nearest is `aws::region`",
		`bucket: {name: b, shard: {number: 3}}`:              "`bucket::shard::number` is no setting: the nearest is `bucket::shard::",
		`bucket: {name: b, shard: {was: {indx: 3}}}`:         "`bucket::shard::was::indx` is no setting: the nearest is `bucket::shard::was::index`",
		`queue: {ulr: x}`:                                    "`queue::ulr` is no setting: the nearest is `queue::url`",
		`directory: {path: ., folow: true}`:                  "`directory::folow` is no setting: the nearest is `directory::follow`",
		bucket + `logs: {bdy: none}`:                         "`logs::bdy` is no setting: the nearest is `logs::body`",
		bucket + `geoip: {database: [a]}`:                    "`geoip::database` is no setting: the nearest is `geoip::databases`",
		bucket + `retry_on_failure: {max_elapsed: 0}`:        "`retry_on_failure::max_elapsed` is no setting: the nearest is `retry_on_failure::max_elapsed_time`",
		bucket + `threat_intel: {feeds: [{nam: a}]}`:         "`threat_intel::feeds::0::nam` is no setting: the nearest is `threat_intel::feeds::0::name`",
		bucket + `threat_intel: {feeds: [{http: {urk: a}}]}`: "urk",
		bucket + `aws: {roles: [{bucket: [a]}]}`:             "`aws::roles::0::bucket` is no setting: the nearest is `aws::roles::0::buckets`",
		`bucket: {nams: [b]}`:                                "`bucket::nams` is no setting: the nearest is `bucket::name`",
		bucket + `zzzzzzzzzzzzzzzz: 1`:                       "`zzzzzzzzzzzzzzzz` is no setting: the nearest is `",
	} {
		_, err := load(t, settings)
		require.ErrorContains(t, err, want, settings)
	}
	_, err := load(t, `bucket: {name: b, start: latest}`)
	require.EqualError(t, err, "`bucket::start` is no setting: the nearest is `bucket::start_from`")
	_, err = load(t, "bucket: {name: b, prefx: a}\nconcurency: 3")
	require.Error(t, err)
	assert.Len(t, strings.Split(err.Error(), "\n"), 2, "all of them are told: %v", err)
}

// Written without quotes, these are no strings to YAML.
func TestValuesThatYAMLTakesForSomethingElse(t *testing.T) {
	for settings, want := range map[string]func(*fleet.Config) any{
		`start_from: 2026-11-22T00:00:00Z`:                  func(c *fleet.Config) any { return c.StartFrom == "2026-11-22T00:00:00Z" },
		`start_from: 2026-11-22T02:00:00+02:00`:             func(c *fleet.Config) any { return c.StartFrom == "2026-11-22T02:00:00+02:00" },
		`start_from: 2026-11-22`:                            func(c *fleet.Config) any { return c.StartFrom == "2026-11-22T00:00:00Z" },
		`start_from: "2026-11-22"`:                          func(c *fleet.Config) any { return c.StartFrom == "2026-11-22T00:00:00Z" },
		`start_from: 7d`:                                    func(c *fleet.Config) any { return c.StartFrom == "168h0m0s" },
		`start_from: 1d12h`:                                 func(c *fleet.Config) any { return c.StartFrom == "36h0m0s" },
		`lookback: 2d`:                                      func(c *fleet.Config) any { return c.Lookback == 48*time.Hour },
		`until: 2026-11-22T00:00:00Z, start_from: earliest`: func(c *fleet.Config) any { return c.Until == "2026-11-22T00:00:00Z" },
		`shard: {index: 0, count: 2, since: 2026-11-22T00:00:00Z}`: func(c *fleet.Config) any {
			return c.Shard.Since == "2026-11-22T00:00:00Z" && c.Shard.Count == 2
		},
		`expected_bucket_owner: 111122223333`:   func(c *fleet.Config) any { return c.ExpectedBucketOwner == "111122223333" },
		`expected_bucket_owner: "012345678901"`: func(c *fleet.Config) any { return c.ExpectedBucketOwner == "012345678901" },
		`prefix: "2026-11-22"`:                  func(c *fleet.Config) any { return c.Prefix == "2026-11-22" },
		`enabled: true`:                         func(c *fleet.Config) any { return c.Prefix == "" },
	} {
		cfg, err := load(t, `bucket: {name: b, `+settings+`}`)
		require.NoError(t, err, settings)
		assert.Equal(t, true, want(cfg.Bucket.Get()), "%s: %+v", settings, cfg.Bucket.Get())
		assert.Equal(t, "b", cfg.Bucket.Get().Name)
	}
	roles, err := load(t, `{bucket: {name: b}, aws: {roles: [{role_arn: "arn:aws:iam::111122223333:role/r", buckets: [b], expected_bucket_owner: 111122223333},
		{role_arn: "arn:aws:iam::111122223333:role/r", buckets: [b], external_id: e}]}}`)
	require.NoError(t, err)
	assert.Equal(t, "111122223333", roles.AWS.Roles[0].ExpectedBucketOwner)
	assert.EqualValues(t, "e", roles.AWS.Roles[1].ExternalID)
	_, err = load(t, `bucket: {name: "arn:aws:s3:eu-west-1:111122223333:accesspoint/a"}`)
	require.NoError(t, err, "an access point takes the place of a bucket")
	cfg, err := load(t, "directory: {path: .}\nmetrics: {series_idle_timeout: 2d}\nthreat_intel: {feeds: [{name: a, taxii: {collection: 'https://h/c/', added_after: 2026-11-22T00:00:00Z}}, {name: b, path: p}]}")
	require.NoError(t, err)
	assert.Equal(t, 48*time.Hour, cfg.Metrics.SeriesIdleTimeout)
	require.Len(t, cfg.ThreatIntel.Feeds, 2)
	assert.Equal(t, "2026-11-22T00:00:00Z", cfg.ThreatIntel.Feeds[0].TAXII.AddedAfter)
	assert.Equal(t, "https://h/c/", cfg.ThreatIntel.Feeds[0].TAXII.Collection)
	assert.Equal(t, "p", cfg.ThreatIntel.Feeds[1].Path)
}

func TestNumbersThatYAMLMayHaveChangedAreRefused(t *testing.T) {
	const quotes = "` is a number, which YAML may have changed: put it in quotes, as in \"012345678901\""
	for settings, want := range map[string]string{
		`bucket: {name: b, expected_bucket_owner: 012345678901}`:                     "`bucket::expected_bucket_owner" + quotes,
		`bucket: {name: b, expected_bucket_owner: 012345670123}`:                     "`bucket::expected_bucket_owner" + quotes,
		`bucket: {name: b, expected_bucket_owner: 1234}`:                             "`bucket::expected_bucket_owner" + quotes,
		`bucket: {name: b, expected_bucket_owner: -11112222333}`:                     "`bucket::expected_bucket_owner" + quotes,
		`bucket: {name: b, expected_bucket_owner: 1.11122223333e11}`:                 "`bucket::expected_bucket_owner" + quotes,
		`queue: {url: "http://localhost:9324/1/q", expected_bucket_owner: 01234567}`: "`queue::expected_bucket_owner" + quotes,
		`bucket: {name: b, expected_bucket_owner: "1234"}`:                           "`bucket::expected_bucket_owner` is \"1234\": it must be the number of an account, 12 digits in quotes",
		`bucket: {name: b, start_from: 7days}`:                                       "`bucket::start_from` is \"7days\": it must be latest, earliest,",
		`bucket: {name: b, start_from: d}`:                                           "`bucket::start_from` is \"d\"",
		`bucket: {name: b, start_from: 99999999d}`:                                   "`bucket::start_from` is \"99999999d\"",
		`bucket: {name: b, lookback: -2d}`:                                           "`bucket::lookback` is \"-2d\": it must be a duration such as 90s, 5m, 12h or 7d",
		`bucket: {name: b, poll_interval: fast}`:                                     "`bucket::poll_interval` is \"fast\": it must be a duration such as 90s, 5m, 12h or 7d",
		`bucket: {name: b, prefix: 2026}`:                                            "`bucket::prefix` is no text, as YAML reads it: put it in quotes",
		`bucket: {name: b, prefix: 2026-11-22}`:                                      "`bucket::prefix` is no text, as YAML reads it: put it in quotes",
		`{bucket: {name: b}, aws: {roles: [{expected_bucket_owner: 01234}]}}`:        "`aws::roles::0::expected_bucket_owner" + quotes,
		`bucket: {name: 1.5}`:                                                        "`bucket::name` is no text, as YAML reads it: put it in quotes",
		`bucket: {name: [b]}`:                                                        "`bucket::name` must be a text",
		`bucket: {name: b, layout: true}`:                                            "`bucket::layout` is no text, as YAML reads it: put it in quotes",
		`{directory: {path: ., follow: "on"}}`:                                       "`directory::follow` is \"on\": it must be true or false",
		`{directory: {path: .}, concurrency: many}`:                                  "`concurrency` is \"many\": it must be a number, without quotes",
		`{directory: {path: .}, concurrency: "5"}`:                                   "`concurrency` is \"5\": it must be a number, without quotes",
	} {
		_, err := load(t, settings)
		require.ErrorContains(t, err, want, settings)
	}
}

// A variable's value is what was written, whatever YAML makes of it.
func TestNumbersOfVariablesAreRead(t *testing.T) {
	resolver, err := confmap.NewResolver(confmap.ResolverSettings{
		URIs: []string{"one:"},
		ProviderFactories: []confmap.ProviderFactory{
			valueProvider("one", `{bucket: {name: "${account:}", expected_bucket_owner: "${account:}", start_from: "${time:}"},
				aws: {roles: [{role_arn: "arn:aws:iam::012345678901:role/r", buckets: ["${account:}"], expected_bucket_owner: "${account:}"}]}}`),
			valueProvider("account", "012345678901"),
			valueProvider("time", "2026-11-22T00:00:00Z"),
		},
	})
	require.NoError(t, err)
	conf, err := resolver.Resolve(t.Context())
	require.NoError(t, err)
	cfg := createDefaultConfig().(*Config)
	require.NoError(t, conf.Unmarshal(cfg))
	require.NoError(t, confmap.Validate(cfg))
	assert.Equal(t, "012345678901", cfg.Bucket.Get().ExpectedBucketOwner)
	assert.Equal(t, "012345678901", cfg.Bucket.Get().Name)
	assert.Equal(t, "012345678901", cfg.AWS.Roles[0].ExpectedBucketOwner)
	assert.Equal(t, "2026-11-22T00:00:00Z", cfg.Bucket.Get().StartFrom)
}

// value is a provider of one text.
type value struct{ scheme, text string }

func valueProvider(scheme, text string) confmap.ProviderFactory {
	return confmap.NewProviderFactory(func(confmap.ProviderSettings) confmap.Provider { return &value{scheme, text} })
}

func (v *value) Retrieve(context.Context, string, confmap.WatcherFunc) (*confmap.Retrieved, error) {
	return confmap.NewRetrievedFromYAML([]byte(v.text))
}

func (v *value) Scheme() string                 { return v.scheme }
func (v *value) Shutdown(context.Context) error { return nil }

func TestPlacesInOtherFormsSayWhatToWrite(t *testing.T) {
	for settings, want := range map[string]string{
		`bucket: {name: "s3://b/access/"}`:                                                                              "`bucket::name` is \"s3://b/access/\": it must be a bucket's name; write b, and access/ as the prefix",
		`bucket: {name: "arn:aws:s3:::b"}`:                                                                              "`bucket::name` is \"arn:aws:s3:::b\": it must be a bucket's name; write b",
		`bucket: {name: "arn:aws:s3:eu-west-1:111122223333:accesspoint/a/object/b"}`:                                    "the ARN of an access point: write the name of its bucket",
		`{bucket: {name: "arn:aws:s3:eu-west-1:111122223333:accesspoint/a"}, aws: {endpoint: "http://localhost:9000"}}`: "`bucket` has the ARN of an access point, and `aws::endpoint` is set: write the name of the bucket",
		`bucket: {names: [a, "s3://b/access/"]}`:                                                                        "`bucket::names::1` is \"s3://b/access/\": it must be a bucket's name; write b, and access/ as the prefix",
		`bucket: {name: a, prefixes: [b/, /access/]}`:                                                                   "`bucket::prefixes::1` is \"/access/\": keys in S3 do not begin with a slash; write \"access/\"",
		`bucket: {name: b, prefix: /access/}`:                                                                           "`bucket::prefix` is \"/access/\": keys in S3 do not begin with a slash; write \"access/\"",
		`bucket: {name: b, prefix: "access/*"}`:                                                                         "`bucket::prefix` is \"access/*\": it is no pattern; write \"access/\", and key_pattern for the rest",
		`queue: {url: "arn:aws:sqs:us-east-1:111122223333:q"}`:                                                          "`queue::url` is the ARN of a queue: write https://sqs.us-east-1.amazonaws.com/111122223333/q",
		`queue: {url: "http://localhost:9324/1/q", buckets: [a, "arn:aws:s3:::b"]}`:                                     "`queue::buckets::1` is \"arn:aws:s3:::b\": it must be a bucket's name; write b",
		`directory: {path: "s3://b/p/"}`:                                                                                "`directory::path` is \"s3://b/p/\", which is in S3: instead of `directory` set `bucket::name` to b and `bucket::prefix` to \"p/\"",
	} {
		_, err := load(t, settings)
		require.ErrorContains(t, err, want, settings)
		assert.NotContains(t, err.Error(), "\n", settings)
	}
}

// No configuration makes the receiver's settings panic, and one may be read again.
func FuzzConfig(f *testing.F) {
	for _, seed := range []string{
		"bucket: {name: b, start_from: 7d, expected_bucket_owner: 111122223333, shard: {was: {index: 1}}}",
		"queue: {url: x, enabled: false}\nmetrics: {interval: 1d, aws.s3.server.io: {attributes: [a]}}",
		"threat_intel: {feeds: [{name: a, http: {endpoint: x}}, 7, {nam: 2026-11-22}]}", "bucket: 5\nlogs: []\naws: {region: 3}", "directory: ", "bucket::name: 3",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		retrieved, err := confmap.NewRetrievedFromYAML([]byte(text))
		if err != nil {
			return
		}
		conf, err := retrieved.AsConf()
		if err != nil {
			return
		}
		first, second := createDefaultConfig().(*Config), createDefaultConfig().(*Config)
		if conf.Unmarshal(first) != nil {
			return
		}
		require.NoError(t, conf.Unmarshal(second))
		require.Equal(t, fmt.Sprint(first.Validate()), fmt.Sprint(second.Validate()))
		first.wrongKeys, second.wrongKeys = nil, nil
		require.Equal(t, first, second)
	})
}
