package e2e

import (
	"net/netip"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/oschwald/maxminddb-golang/v2"
	"github.com/stretchr/testify/require"
	yaml "go.yaml.in/yaml/v3"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/accesslog"
)

// request is a record of the samples as the dashboards' queries name its parts. What
// follows from the fields is written down again here, not asked of the code under test.
type request struct {
	at     time.Time
	labels map[string]string // absent ones are ""
	sent   float64           // bytes
	added  float64           // bytes
	took   map[string]float64
}

// knowledge is what the collector is told beside the logs.
type knowledge struct {
	places  *maxminddb.Reader
	threats []threatEntry
}

// threatEntry is an indicator of testdata/feeds/sample.want.yaml, which was reviewed.
type threatEntry struct {
	Prefix            netip.Prefix
	Confidence, Group string
}

const (
	sampleGeo  = "../../../../testdata/geo/sample.mmdb"
	sampleFeed = "../../../../testdata/feeds/sample.json"
)

func newKnowledge(t testing.TB) *knowledge {
	t.Helper()
	k := &knowledge{}
	var err error
	k.places, err = maxminddb.Open(sampleGeo)
	require.NoError(t, err)
	t.Cleanup(func() { _ = k.places.Close() })
	text, err := os.ReadFile(strings.TrimSuffix(sampleFeed, ".json") + ".want.yaml")
	require.NoError(t, err)
	var feed struct{ Indicators []threatEntry }
	require.NoError(t, yaml.Unmarshal(text, &feed))
	require.NotEmpty(t, feed.Indicators)
	k.threats = feed.Indicators
	return k
}

// requests reads the records of a log object.
func (k *knowledge) requests(t testing.TB, text []byte) (all []request) {
	t.Helper()
	eachRecord(text, func(r *accesslog.Record) { all = append(all, k.request(t, r)) })
	return all
}

func (k *knowledge) request(t testing.TB, r *accesslog.Record) request {
	t.Helper()
	q := request{at: time.Unix(r.Time, 0).UTC(), took: map[string]float64{}, labels: map[string]string{
		"aws_s3_bucket": r.Bucket, "aws_s3_operation": r.Operation, "error_type": r.ErrorCode,
		"aws_signature_version": r.SignatureVersion, "aws_s3_auth_type": r.AuthType, "client_address": r.RemoteIP,
		"tls_protocol_version": strings.TrimPrefix(strings.ToLower(r.TLSVersion), "tlsv"),
		"aws_s3_acl_required":  map[accesslog.ACLRequired]string{accesslog.ACLNeeded: "true", accesslog.ACLNotNeeded: "false"}[r.ACLRequired],
		"user_id":              r.Requester,
	}}
	if r.Status != accesslog.Absent {
		q.labels["http_response_status_code"] = strconv.Itoa(int(r.Status))
		if r.Status >= 400 && r.ErrorCode == "" {
			q.labels["error_type"] = strconv.Itoa(int(r.Status))
		}
	}
	q.labels["aws_requester_type"], q.labels["user_name"] = whoIs(r.Requester)
	q.sent = float64(max(r.BytesSent, 0))
	if added.MatchString(r.Operation) && r.Status/100 == 2 {
		q.added = float64(max(r.ObjectSize, 0))
	}
	for metric, ms := range map[string]int64{"request": r.TotalTime, "turn_around": r.TurnAroundTime} {
		if ms >= 0 {
			q.took[metric] = float64(ms) / 1000
		}
	}
	if address, err := netip.ParseAddr(r.RemoteIP); err == nil && !address.IsPrivate() {
		k.place(t, address, q.labels)
		k.suspect(address, q.labels)
	}
	return q
}

var (
	added = regexp.MustCompile(`^REST\.(PUT\.OBJECT|PUT\.PART|POST\.OBJECT|COPY\.OBJECT|COPY\.PART)$`)
	hash  = regexp.MustCompile(`^[0-9a-f]{64}$`)
)

// whoIs returns a requester's type and name, of those that the samples have.
func whoIs(requester string) (kind, name string) {
	switch parts := strings.Split(requester, "/"); {
	case requester == "":
		return "anonymous", ""
	case hash.MatchString(requester):
		return "canonical_user", ""
	case strings.Contains(requester, ":assumed-role/"):
		return "assumed_role", parts[len(parts)-2]
	case strings.Contains(requester, "::cloudfront:user/"):
		return "cloudfront", parts[1]
	case strings.Contains(requester, ":user/"):
		return "iam_user", parts[len(parts)-1]
	}
	return "aws_service", ""
}

func (k *knowledge) place(t testing.TB, address netip.Addr, labels map[string]string) {
	t.Helper()
	var found struct {
		Country struct {
			ISOCode string `maxminddb:"iso_code"`
		} `maxminddb:"country"`
		Location struct {
			Latitude  *float64 `maxminddb:"latitude"`
			Longitude *float64 `maxminddb:"longitude"`
		} `maxminddb:"location"`
	}
	require.NoError(t, k.places.Lookup(address).Decode(&found))
	labels["geo_country_iso_code"] = found.Country.ISOCode
	if found.Location.Latitude != nil {
		labels["geo_location_lat"] = strconv.FormatFloat(*found.Location.Latitude, 'f', -1, 64)
		labels["geo_location_lon"] = strconv.FormatFloat(*found.Location.Longitude, 'f', -1, 64)
	}
}

// suspect says which indicator names an address. Those of the samples do not overlap.
func (k *knowledge) suspect(address netip.Addr, labels map[string]string) {
	for _, e := range k.threats {
		if e.Prefix.Contains(address) {
			labels["threat_indicator_confidence"] = e.Confidence
			labels["threat_feed_name"] = "indicators" // its name in examples/dashboards.yaml
			labels["threat_group_name"] = e.Group
			if e.Group == "" {
				labels["threat_group_name"] = "Unassigned"
			}
		}
	}
}
