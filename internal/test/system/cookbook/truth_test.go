package cookbook

import (
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	yaml "go.yaml.in/yaml/v3"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/machine"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/slowreader"
)

// request is a record as the queries name its parts. What follows from the fields is
// written down again here, not asked of the code under test.
type request struct {
	at     time.Time
	labels map[string]string // absent ones are ""
}

func (q *request) number(label string) float64 {
	n, _ := strconv.ParseFloat(q.labels[label], 64)
	return n
}

// threat is an indicator of testdata/feeds/sample.want.yaml, which was reviewed.
type threat struct {
	Prefix            netip.Prefix
	Confidence, Group string
}

// readRequests reads the lines that are records.
func readRequests(t *testing.T, lines [][]byte) (all []request) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(machine.Repository(t), "testdata", "feeds", "sample.want.yaml"))
	require.NoError(t, err)
	var feed struct{ Indicators []threat }
	require.NoError(t, yaml.Unmarshal(text, &feed))
	require.NotEmpty(t, feed.Indicators)
	for _, line := range lines {
		if r, ok := slowreader.Read("aws", string(line)); ok {
			all = append(all, newRequest(&r, feed.Indicators))
		}
	}
	require.Greater(t, len(all), 3000)
	return all
}

func newRequest(r *slowreader.Record, threats []threat) request {
	q := request{at: time.Unix(r.Seconds, 0).UTC(), labels: map[string]string{
		"aws_s3_bucket": r.Bucket, "aws_s3_operation": r.Operation, "aws_s3_key": decoded(r), "error_type": r.ErrorCode,
		"user_id": r.Requester, "client_address": r.RemoteIP, "user_agent_original": r.UserAgent, "aws_request_id": r.RequestID,
		"aws_s3_version_id": r.VersionID, "aws_signature_version": r.Signature, "aws_s3_auth_type": r.Auth,
		"tls_protocol_version": tls(r.TLS), "aws_s3_acl_required": map[string]string{"yes": "true", "no": "false"}[r.ACL],
	}}
	q.labels["time"] = q.at.Format(time.RFC3339)
	q.labels["hour"] = q.at.Truncate(time.Hour).Format(time.RFC3339)
	q.set("http_response_status_code", r.Status)
	q.set("aws_s3_object_size", r.ObjectSize)
	q.set("aws_s3_total_time", r.TotalTime)
	if r.Status >= 0 {
		q.set("http_response_body_size", max(r.BytesSent, 0))
	}
	if r.ErrorCode == "" && r.Status >= 400 {
		q.labels["error_type"] = q.labels["http_response_status_code"]
	}
	q.labels["aws_requester_type"], q.labels["user_name"], q.labels["aws_requester_session_name"] = whoIs(r.Requester)
	if m := accountNumber.FindStringSubmatch(r.Requester); m != nil {
		q.labels["aws_requester_account_id"] = m[1]
	}
	if _, query, found := strings.Cut(r.Target, "?"); found {
		values, _ := url.ParseQuery(query)
		q.labels["aws_s3_upload_id"] = values.Get("uploadId")
	}
	if r.Method != "" && r.Fields >= 24 { // records before 2019 have no field of TLS
		q.labels["url_scheme"] = "http"
		if r.TLS != "" || r.Cipher != "" {
			q.labels["url_scheme"] = "https"
		}
	}
	if folder, _, found := strings.Cut(q.labels["aws_s3_key"], "/"); found && folder != "" {
		q.labels["prefix"] = folder + "/"
	}
	if address, err := netip.ParseAddr(r.RemoteIP); err == nil {
		for _, one := range threats {
			if one.Prefix.Contains(address) {
				q.labels["threat_indicator_confidence"], q.labels["threat_group_name"] = one.Confidence, one.Group
				if one.Group == "" {
					q.labels["threat_group_name"] = "Unassigned"
				}
			}
		}
	}
	return q
}

func (q *request) set(label string, n int64) {
	if n >= 0 {
		q.labels[label] = strconv.FormatInt(n, 10)
	}
}

var (
	hash          = regexp.MustCompile(`^[0-9a-f]{64}$`)
	accountNumber = regexp.MustCompile(`^arn:aws:(?:iam|sts)::(\d{12}):`)
)

// whoIs returns a requester's type, name and session, of those that the samples have.
func whoIs(requester string) (kind, name, session string) {
	switch parts := strings.Split(requester, "/"); {
	case requester == "":
		return "anonymous", "", ""
	case hash.MatchString(requester):
		return "canonical_user", "", ""
	case strings.Contains(requester, ":assumed-role/"):
		return "assumed_role", parts[len(parts)-2], parts[len(parts)-1]
	case strings.Contains(requester, "::cloudfront:user/"):
		return "cloudfront", parts[1], ""
	case strings.Contains(requester, ":user/"):
		return "iam_user", parts[len(parts)-1], ""
	}
	return "aws_service", "", ""
}

// decoded is the key: encoded twice, or once as a form in batches and S3's own work.
func decoded(r *slowreader.Record) string {
	unescape, times := url.PathUnescape, 2
	if strings.HasPrefix(r.Operation, "BATCH.") || strings.HasPrefix(r.Operation, "S3.") {
		unescape, times = url.QueryUnescape, 1
	}
	key := r.Key
	for range times {
		next, err := unescape(key)
		if err != nil {
			return key
		}
		key = next
	}
	return key
}

// tls is a version's number.
func tls(version string) string {
	number := strings.TrimPrefix(strings.ToLower(version), "tlsv")
	if number == "1" {
		return "1.0"
	}
	return number
}
