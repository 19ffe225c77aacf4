package s3accessreportexporter

import (
	"errors"
	"fmt"
	"net"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/confighttp"
)

// Config has the settings. With an endpoint the report is served too, by the collector's
// HTTP server settings.
type Config struct {
	// Path is where the report is written; "" writes none.
	Path string `mapstructure:"path"`

	// HTTP is how the report is served, if it has an endpoint. It is not embedded: its
	// methods are not the Config's.
	HTTP confighttp.ServerConfig `mapstructure:",squash"`

	// Interval is how often the report is made when something changed.
	Interval time.Duration `mapstructure:"interval"`
	// Retention is how long requests are kept, by their time.
	Retention time.Duration `mapstructure:"retention"`
	// StorageID is the extension that keeps what was counted; nil: it is lost at the end.
	StorageID *component.ID `mapstructure:"storage"`
	// Title is the page's heading.
	Title string `mapstructure:"title"`
}

// mostTitle is how many bytes a title may have.
const mostTitle = 256

// Limits of the settings.
const (
	shortestInterval  = time.Second
	shortestRetention = 24 * time.Hour
	longestRetention  = 2160 * time.Hour
)

// Validate returns an error that names each wrong setting.
func (c *Config) Validate() error {
	var errs []error
	endpoint := c.HTTP.NetAddr.Endpoint
	if c.Path == "" && endpoint == "" {
		errs = append(errs, errors.New("path: set it, or endpoint: the report goes nowhere"))
	}
	if endpoint != "" {
		if _, _, err := net.SplitHostPort(endpoint); err != nil {
			errs = append(errs, fmt.Errorf("endpoint: host and port, such as localhost:8700: %w", err))
		}
	}
	if c.HTTP.CORS.HasValue() {
		errs = append(errs, errors.New("cors: leave it out: the report is for no other origin"))
	}
	if c.Interval < shortestInterval {
		errs = append(errs, fmt.Errorf("interval: %s is less than %s", c.Interval, shortestInterval))
	}
	if c.Retention < shortestRetention || c.Retention > longestRetention {
		errs = append(errs, fmt.Errorf("retention: %s is not between %s and %s", c.Retention, shortestRetention, longestRetention))
	}
	if len(c.Title) > mostTitle {
		errs = append(errs, fmt.Errorf("title: it has more than %d bytes", mostTitle))
	}
	return errors.Join(errs...)
}

// host returns the endpoint's host, and the endpoint with localhost in the place of none.
func (c *Config) host() (host, endpoint string) {
	host, port, err := net.SplitHostPort(c.HTTP.NetAddr.Endpoint)
	if err != nil {
		return "", c.HTTP.NetAddr.Endpoint
	}
	if host == "" {
		host = "localhost"
	}
	return host, net.JoinHostPort(host, port)
}
