package s3accesslogsreceiver

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/confmap"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/enrich/threat"
)

// ThreatConfig names feeds of addresses that are known to be malicious.
type ThreatConfig struct {
	threat.Config `mapstructure:",squash"`

	Feeds []FeedConfig `mapstructure:"feeds"`
}

// FeedConfig is one feed: a file, a URL or a TAXII collection.
type FeedConfig struct {
	threat.FeedConfig `mapstructure:",squash"`

	HTTP confighttp.ClientConfig `mapstructure:"http"`
}

// Unmarshal implements confmap.Unmarshaler, which is the only way to give elements of a
// list defaults.
func (c *FeedConfig) Unmarshal(conf *confmap.Conf) error {
	c.Format, c.Confidence = threat.Auto, threat.DefaultConfidence
	c.HTTP = confighttp.NewDefaultClientConfig()
	return conf.Unmarshal(c)
}

// validateEnrichment reports what is wrong with databases and feeds.
func (c *Config) validateEnrichment() error {
	errs := []error{c.GeoIP.Validate("geoip"), c.ThreatIntel.Validate("threat_intel", c.ThreatIntel.feeds())}
	for i := range c.ThreatIntel.Feeds {
		errs = append(errs, checkProxy(fmt.Sprintf("threat_intel::feeds::%d::http::proxy_url", i), c.ThreatIntel.Feeds[i].HTTP.ProxyURL))
	}
	return errors.Join(errs...)
}

// checkProxy reports an invalid proxy URL, or one with credentials, without repeating it.
func checkProxy(path, address string) error {
	if address == "" {
		return nil
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return fmt.Errorf("`%s` is not a URL such as http://proxy.example.com:3128", path)
	}
	if u.User != nil || u.RawQuery != "" {
		return fmt.Errorf("`%s` has a user or a password, and is shown in the configuration: leave it out, and set the environment's HTTPS_PROXY", path)
	}
	return nil
}

// feeds are the feeds without their clients.
func (c *ThreatConfig) feeds() []threat.Feed {
	feeds := make([]threat.Feed, len(c.Feeds))
	for i := range c.Feeds {
		http := &c.Feeds[i].HTTP
		feeds[i] = threat.Feed{
			FeedConfig: c.Feeds[i].FeedConfig, Endpoint: strings.TrimSpace(http.Endpoint),
			// A client with credentials must not send them to a redirect's target.
			StayOnHost: http.Auth.HasValue() || len(http.Headers) > 0 || http.Cookies.HasValue() || len(http.Middlewares) > 0,
		}
	}
	return feeds
}
