// Package enrich has the types for what is known of a client besides the log: where it
// is and whether it is a known threat. The packages below look it up.
//
// All values are immutable, so they may be retained and are safe for concurrent
// use.
package enrich

import "strings"

// Client is what is known of one client address. Either may be nil.
type Client struct {
	Place  *Place
	Threat *Threat
}

// Place is where an address is, as far as the databases have it; "" and 0 are
// unknown. Names of the attributes: OpenTelemetry semantic conventions, geo and
// as.
type Place struct {
	ContinentCode  string // geo.continent.code: "EU"
	CountryISOCode string // geo.country.iso_code: ISO 3166-1 alpha-2
	RegionISOCode  string // geo.region.iso_code: ISO 3166-2, "DE-BE"
	LocalityName   string // geo.locality.name
	PostalCode     string // geo.postal_code
	HasLocation    bool   // Latitude and Longitude are known
	Latitude       float64
	Longitude      float64
	ASNumber       uint32 // as.number
	ASOrganization string // as.organization.name
}

// Confidence is how certainly an indicator is malicious.
type Confidence string

// The confidences, by the cut-offs of the vendor's app on a scale to 100.
const (
	High   Confidence = "High"   // 85 and more
	Medium Confidence = "Medium" // 50 and more
	Low    Confidence = "Low"    // 15 and more
	None   Confidence = "None"
)

// Unassigned is the group of a threat whose feed names no actor.
const Unassigned = "Unassigned"

// Threat is what the feeds say about an address. Names of the attributes: the
// Elastic Common Schema's, since OpenTelemetry has none.
type Threat struct {
	Indicator   string // threat.indicator.ip: the address or prefix that matched
	Confidence  Confidence
	Type        string   // threat.indicator.type
	Provider    string   // threat.indicator.provider
	Description string   // threat.indicator.description
	Group       string   // threat.group.name: the actor, or Unassigned
	Software    string   // threat.software.name: malware
	Feed        string   // threat.feed.name: whose match won
	Feeds       []string // threat.feeds: all that matched
}

// FeedSeparator joins the names of feeds, which may hold spaces. Stored counters
// contain it: another one needs a new version of their format.
const FeedSeparator = '\x1f'

// FeedList returns Feeds as one text.
func (t *Threat) FeedList() string { return strings.Join(t.Feeds, string(FeedSeparator)) }
