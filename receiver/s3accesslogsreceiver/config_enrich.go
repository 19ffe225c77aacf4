package s3accesslogsreceiver

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/confmap"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/enrich/geo"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/enrich/threat"
)

// GeoIPConfig names databases of where addresses are.
type GeoIPConfig struct {
	Databases      []string      `mapstructure:"databases"`       // paths of City, Country, ASN files in MaxMind's format
	ReloadInterval time.Duration `mapstructure:"reload_interval"` // between two looks at the files
}

// ThreatConfig names feeds of addresses that are known to be malicious.
type ThreatConfig struct {
	RefreshInterval time.Duration `mapstructure:"refresh_interval"`
	MaxFeedSize     ByteSize      `mapstructure:"max_feed_size"` // after decompression
	Feeds           []FeedConfig  `mapstructure:"feeds"`
}

// FeedConfig is one feed: a file, a URL or a TAXII collection.
type FeedConfig struct {
	Name       string                  `mapstructure:"name"` // threat.feed.name
	Path       string                  `mapstructure:"path"`
	Format     string                  `mapstructure:"format"`
	Confidence int                     `mapstructure:"confidence"` // 0 to 100, of entries that state none
	CSV        CSVConfig               `mapstructure:"csv"`
	TAXII      TAXIIConfig             `mapstructure:"taxii"`
	HTTP       confighttp.ClientConfig `mapstructure:"http"`
}

// CSVConfig names the columns of a CSV feed; without names they are guessed.
type CSVConfig struct {
	Indicator   string `mapstructure:"indicator"`
	Type        string `mapstructure:"type"`
	Confidence  string `mapstructure:"confidence"`
	Actor       string `mapstructure:"actor"`
	Software    string `mapstructure:"software"`
	Provider    string `mapstructure:"provider"`
	Description string `mapstructure:"description"`
	ValidFrom   string `mapstructure:"valid_from"`
	ValidUntil  string `mapstructure:"valid_until"`
}

// TAXIIConfig is a collection on a TAXII 2.1 server.
type TAXIIConfig struct {
	Collection string `mapstructure:"collection"`  // URL: .../collections/ID/
	AddedAfter string `mapstructure:"added_after"` // RFC 3339: older objects are left out
}

// Unmarshal implements confmap.Unmarshaler: the elements of a list have no other
// place for their defaults.
func (c *FeedConfig) Unmarshal(conf *confmap.Conf) error {
	c.Format, c.Confidence = threat.Auto, threat.DefaultConfidence
	c.HTTP = confighttp.NewDefaultClientConfig()
	return conf.Unmarshal(c)
}

// checkEnrichment reports what is wrong with databases and feeds. Their types do
// not implement confmap.Validator: the collector writes the path before the first
// of several errors only.
func (c *Config) checkEnrichment() error {
	places, threats := c.GeoIP.settings(), c.ThreatIntel.settings()
	errs := []error{places.Check("geoip::"), threats.Check("threat_intel::")}
	for i := range c.ThreatIntel.Feeds {
		errs = append(errs, checkProxy(fmt.Sprintf("threat_intel::feeds::%d::http::proxy_url", i), c.ThreatIntel.Feeds[i].HTTP.ProxyURL))
	}
	return errors.Join(errs...)
}

// checkProxy reports a proxy with a password. It does not repeat the address.
func checkProxy(path, address string) error {
	if address == "" {
		return nil
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return fmt.Errorf("%s: must be a URL such as http://proxy.example.com:3128", path)
	}
	if u.User != nil || u.RawQuery != "" {
		return fmt.Errorf("%s: has a user or a password, and is shown in the configuration: leave it out, and set the environment's HTTPS_PROXY", path)
	}
	return nil
}

func (c *GeoIPConfig) settings() geo.Settings {
	return geo.Settings{Databases: c.Databases, ReloadInterval: c.ReloadInterval}
}

func (c *ThreatConfig) settings() threat.Settings {
	set := threat.Settings{Refresh: c.RefreshInterval, MaxFeedSize: int64(c.MaxFeedSize)}
	for i := range c.Feeds {
		set.Feeds = append(set.Feeds, c.Feeds[i].feed())
	}
	return set
}

// feed is the feed as the indicators take it, without a client.
func (c *FeedConfig) feed() threat.Feed {
	return threat.Feed{
		Name: c.Name, Path: c.Path, Endpoint: strings.TrimSpace(c.HTTP.Endpoint),
		TAXII:  threat.TAXII{Collection: c.TAXII.Collection, AddedAfter: c.TAXII.AddedAfter},
		Format: c.Format, Confidence: c.Confidence, CSV: threat.Columns(c.CSV),
		// A client that says who it is must not say so to whom it is sent on to.
		StayOnHost: c.HTTP.Auth.HasValue() || len(c.HTTP.Headers) > 0 || c.HTTP.Cookies.HasValue() || len(c.HTTP.Middlewares) > 0,
	}
}
