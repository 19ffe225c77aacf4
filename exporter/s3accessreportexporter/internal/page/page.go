// Package page makes the HTML page of a report: a template with script, style and map,
// built from ../../web, into which the data is put. Nothing but the data, in base64,
// differs from page to page.
package page

import (
	"embed"
	"encoding/base64"
	"fmt"
	"io"
	"strconv"
	"strings"
)

//go:embed bundle
var bundle embed.FS

// Page is a template. It is safe for concurrent use.
type Page struct {
	parts  []string // the text around placeholders, and these
	policy string
}

const (
	placePolicy = "__POLICY__"
	placeLive   = "__LIVE__"
	placeETag   = "__ETAG__"
	placeData   = "__DATA__"
)

// New returns the template that this was built with.
func New() (*Page, error) {
	template, err := bundle.ReadFile("bundle/page.html")
	if err != nil {
		return nil, err
	}
	policy, err := bundle.ReadFile("bundle/policy.txt")
	if err != nil {
		return nil, err
	}
	return parse(string(template), strings.TrimSpace(string(policy)))
}

// parse cuts the template at its placeholders, of which each is there once.
func parse(template, policy string) (*Page, error) {
	p := &Page{policy: policy}
	for _, place := range []string{placePolicy, placeLive, placeETag, placeData} {
		if n := strings.Count(template, place); n != 1 {
			return nil, fmt.Errorf("the page's template has %s %d times", place, n)
		}
	}
	for template != "" {
		at, place := len(template), ""
		for _, one := range []string{placePolicy, placeLive, placeETag, placeData} {
			if i := strings.Index(template, one); i >= 0 && i < at {
				at, place = i, one
			}
		}
		p.parts = append(p.parts, template[:at], place)
		template = template[at+len(place):]
	}
	return p, nil
}

// Policy returns the Content-Security-Policy of a page that is served: it may fetch its
// data and stands in no frame.
func (p *Page) Policy() string { return p.served() + "; frame-ancestors 'none'" }

func (p *Page) served() string {
	return strings.Replace(p.policy, "connect-src 'none'", "connect-src 'self'", 1)
}

// WriteFile writes a page that needs nothing else. data is the report's data, compressed.
func (p *Page) WriteFile(w io.Writer, data []byte) error { return p.write(w, p.policy, "0", "", data) }

// WriteServed writes a page that looks for new data every so many seconds.
func (p *Page) WriteServed(w io.Writer, seconds int, etag string, data []byte) error {
	return p.write(w, p.served(), strconv.Itoa(seconds), etag, data)
}

func (p *Page) write(w io.Writer, policy, live, etag string, data []byte) (err error) {
	for _, part := range p.parts {
		switch part {
		case placePolicy:
			_, err = io.WriteString(w, policy)
		case placeLive:
			_, err = io.WriteString(w, live)
		case placeETag:
			_, err = io.WriteString(w, etag)
		case placeData:
			encoder := base64.NewEncoder(base64.StdEncoding, w)
			if _, err = encoder.Write(data); err == nil {
				err = encoder.Close()
			}
		default:
			_, err = io.WriteString(w, part)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
