package e2e

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/fakesqs"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/machine"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/samplelogs"
)

// planted is what every secret of these tests begins with.
const planted = "planted-"

var plantedText = regexp.MustCompile(planted + `[a-z0-9-]*`)

// leaks are the secrets in a text, each once.
func leaks(text string) []string {
	found := plantedText.FindAllString(text, -1)
	slices.Sort(found)
	return slices.Compact(found)
}

// fetched reads a page of the collector, whatever its status.
func fetched(t testing.TB, address string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, address, http.NoBody)
	require.NoError(t, err)
	resp, err := scraper.Do(req)
	require.NoError(t, err, address)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return string(text)
}

// secretServers are what the collector asks, and answer with what must not go
// further.
type secretServers struct {
	s3, denied, sts, feed, refused, moved, proxy string
	queue                                        *fakesqs.Queue
}

func startSecretServers(t testing.TB, object string) (s secretServers) {
	t.Helper()
	serve := func(handler http.HandlerFunc) string {
		server := httptest.NewServer(handler)
		t.Cleanup(server.Close)
		return server.URL
	}
	const key = "2026-11-09-10-00-00-0123456789ABCDEF"
	s.s3 = serve(func(w http.ResponseWriter, r *http.Request) {
		assert.Equal(t, planted+"sts-token", r.Header.Get("X-Amz-Security-Token"))
		if r.URL.Query().Has("list-type") {
			_, _ = fmt.Fprintf(w, `<ListBucketResult><Name>logs</Name><IsTruncated>false</IsTruncated><Contents><Key>%s</Key><Size>%d</Size>`+
				`<ETag>"1"</ETag><LastModified>2026-11-09T11:00:00.000Z</LastModified></Contents></ListBucketResult>`, key, len(object))
			return
		}
		w.Header().Set("Etag", `"1"`)
		_, _ = io.WriteString(w, object)
	})
	s.denied = serve(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		_, _ = fmt.Fprintf(w, `<Error><Code>SignatureDoesNotMatch</Code><Message>It does not match.</Message><StringToSign>%[1]sstring</StringToSign>`+
			`<Token-0>%[1]serror-token</Token-0><RequestId>REQ1</RequestId></Error>`, planted)
	})
	s.sts = serve(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprintf(w, `<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>id</AccessKeyId><SecretAccessKey>%[1]ssts-secret</SecretAccessKey>`+
			`<SessionToken>%[1]ssts-token</SessionToken><Expiration>2126-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`, planted)
	})
	s.feed = serve(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Set-Cookie", "session="+planted+"cookie")
		_, _ = io.WriteString(w, "ip,description\n203.0.113.66,"+planted+"description\n")
	})
	s.refused = serve(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Www-Authenticate", "Bearer "+planted+"challenge")
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = io.WriteString(w, r.URL.String()+fmt.Sprint(r.Header))
	})
	s.moved = serve(func(w http.ResponseWriter, r *http.Request) {
		location := "http://localhost:1/?token=" + planted + "location"
		if r.URL.Path == "/broken" {
			location = "http://h/%zz?token=" + planted + "broken-location"
		}
		w.Header().Set("Location", location)
		w.WriteHeader(http.StatusFound)
	})
	s.proxy = serve(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusProxyAuthRequired)
		_, _ = io.WriteString(w, r.Header.Get("Proxy-Authorization"))
	})
	sqs := fakesqs.Start()
	t.Cleanup(sqs.Close)
	s.queue = sqs.CreateQueue("logs", fakesqs.Settings{})
	s.queue.Send(`{"token":"` + planted + `message"}`)
	return s
}

// secretSettings is a configuration with a secret in every setting that may hold
// one, of which some work and some do not.
func secretSettings(t testing.TB, s *secretServers, metricsAt, zpagesAt, statusAt string) string {
	t.Helper()
	host, port, _ := strings.Cut(metricsAt, ":")
	known := indented(fmt.Sprintf(`
aws: {endpoint: %q, force_path_style: true, role_arn: 'arn:aws:iam::111122223333:role/reader', external_id: %[2]sexternal-id}
threat_intel:
  feeds:
    - {name: good, format: csv, csv: {indicator: ip}, http: {endpoint: "%[3]s/?key=%[2]squery", headers: {X-Key: %[2]sheader}, cookies: {enabled: true}}}
    - {name: refused, http: {endpoint: "%[4]s/?key=%[2]squery", headers: {X-Key: %[2]sheader}}}
    - {name: moved, http: {endpoint: "%[5]s/?key=%[2]squery"}}
    - {name: onward, http: {endpoint: "%[5]s/"}}
    - {name: broken, http: {endpoint: "%[5]s/broken"}}
    - {name: unreachable, http: {endpoint: "http://127.0.0.1:1/?key=%[2]squery"}}
    - {name: proxied, http: {endpoint: "http://feeds.invalid/?key=%[2]squery"}}
    - {name: tunneled, http: {endpoint: "https://feeds.invalid/?key=%[2]squery"}}
    - {name: collection, taxii: {collection: "%[4]s/?key=%[2]squery"}, http: {headers: {Authorization: "Basic %[2]sbasic"}}}
`, s.s3, planted, s.feed, s.refused, s.moved))
	return fmt.Sprintf(`
receivers:
  s3_access_logs/bucket:
    bucket: {name: logs, start_from: earliest}
    %[1]s
  s3_access_logs/denied:
    bucket: {name: logs}
    aws: {endpoint: %[2]q, force_path_style: true}
  s3_access_logs/queue:
    queue: {url: %[3]q, wait_time: 1s}
    aws: {external_id: %[4]sexternal-id, role_arn: 'arn:aws:iam::111122223333:role/reader'}
exporters:
  file: {path: %[5]q}
  otlp_http: {endpoint: "http://127.0.0.1:1", headers: {Authorization: "Bearer %[4]sexporter"}, sending_queue: {enabled: false}}
extensions:
  zpages: {endpoint: %[6]q}
  health_check: {http: {endpoint: %[7]q, status: {enabled: true, path: /status}, config: {enabled: true, path: /config}}}
service:
  extensions: [zpages, health_check]
  telemetry:
    logs: {level: debug}
    metrics: {level: detailed, readers: [{pull: {exporter: {prometheus: {host: %[8]s, port: %[9]s}}}}]}
    traces: {level: basic, processors: [{batch: {exporter: {otlp: {protocol: http/protobuf, endpoint: "http://127.0.0.1:1"}}}}]}
  pipelines:
    logs: {receivers: [s3_access_logs/bucket, s3_access_logs/denied, s3_access_logs/queue], exporters: [file]}
    metrics: {receivers: [s3_access_logs/bucket], exporters: [otlp_http]}
`, strings.ReplaceAll(known, "\n", "\n  "), s.denied, s.queue.URL(), planted,
		filepath.Join(t.TempDir(), "out.json"), zpagesAt, statusAt, host, port)
}

// secretRecords are records with secrets where clients put them, one of them torn.
func secretRecords() string {
	record := samplelogs.Records(2, 1)[0]
	uri := strings.Index(record, ` HTTP/1.1"`)
	query := "?X-Amz-Signature=" + planted + "signature&X-Amz-Credential=" + planted + "credential&X-Amz-Security-Token=" + planted + "token"
	line := record[:uri] + query + record[uri:]
	return line + "\n" + line[:uri+len(query)+2] + "\n"
}

func secretEnvironment(s *secretServers, config string) []string {
	proxy := strings.Replace(s.proxy, "http://", "http://me:"+planted+"proxy@", 1)
	return []string{
		"E2E_CONFIG=" + config, "HTTP_PROXY=" + proxy, "HTTPS_PROXY=" + proxy, "AWS_REGION=us-east-1", "AWS_ENDPOINT_URL_STS=" + s.sts,
		"AWS_ACCESS_KEY_ID=any", "AWS_SECRET_ACCESS_KEY=" + planted + "secret-key", "AWS_SESSION_TOKEN=" + planted + "session-token",
	}
}

// Secrets of settings, of the environment, of records, of messages, of feeds and of
// what servers answer show nowhere but where they belong.
func TestSecretsShowNowhere(t *testing.T) {
	t.Parallel()
	servers := startSecretServers(t, secretRecords())
	metricsAt, zpagesAt, statusAt := machine.FreeAddr(t), machine.FreeAddr(t), machine.FreeAddr(t)
	config := secretSettings(t, &servers, metricsAt, zpagesAt, statusAt)
	cmd := exec.Command(program(t), "--config", "env:E2E_CONFIG", "--feature-gates", "extension.healthcheck.useComponentStatus")
	cmd.Env = secretEnvironment(&servers, config)
	c := launch(t, cmd, metricsAt)

	feeds := []string{"refused", "moved", "onward", "broken", "unreachable", "proxied", "tunneled", "collection"}
	for _, feed := range feeds {
		c.logged(t, 40*time.Second, "unhealthy", "reading the feed "+feed+":")
	}
	c.logged(t, 40*time.Second, "SignatureDoesNotMatch")
	c.logged(t, 40*time.Second, "messages are no S3 event notifications")
	c.settled(t, 40*time.Second, "ok", 1)

	status := ""
	c.until(t, 20*time.Second, "the feeds' trouble in the status", func() bool {
		status = fetched(t, "http://"+statusAt+"/status?verbose")
		return strings.Contains(status, "reading the feed collection")
	})
	assert.Empty(t, leaks(status), status)
	for _, name := range []string{"servicez", "pipelinez", "extensionz", "featurez"} {
		assert.Empty(t, leaks(fetched(t, "http://"+zpagesAt+"/debug/"+name)), name)
	}
	spans := fetched(t, "http://"+zpagesAt+"/debug/tracez")
	assert.Empty(t, leaks(spans))
	names := regexp.MustCompile(`zspanname=([^&"]+)`).FindAllStringSubmatch(spans, -1)
	require.NotEmpty(t, names, spans)
	for _, name := range names {
		for _, kind := range []string{"ztype=1&zsubtype=0", "ztype=2&zsubtype=0"} {
			assert.Empty(t, leaks(fetched(t, "http://"+zpagesAt+"/debug/tracez?zspanname="+name[1]+"&"+kind)), name[1])
		}
	}
	assert.Empty(t, leaks(fetched(t, c.metrics)), "its own metrics")
	c.stop(t, 15*time.Second)
	for line := range strings.Lines(c.log(t)) {
		assert.Empty(t, leaks(line), line)
	}
}

// A feed's address is shown with its query, as docs/enrichment.md says.
func TestRedactedConfigurationHoldsNoSecrets(t *testing.T) {
	t.Parallel()
	servers := startSecretServers(t, "")
	config := secretSettings(t, &servers, "127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3")
	ctx, cancel := context.WithTimeout(t.Context(), limit(time.Minute))
	defer cancel()
	cmd := exec.CommandContext(ctx, program(t), "print-config", "--config", "env:E2E_CONFIG",
		"--feature-gates", "extension.healthcheck.useComponentStatus")
	cmd.Env = secretEnvironment(&servers, config)
	output, err := cmd.CombinedOutput()
	require.NoError(t, err, string(output))
	assert.Equal(t, []string{planted + "query"}, leaks(string(output)))
	assert.Contains(t, string(output), "external_id: '[REDACTED]'")
}

// What is wrong with a setting is told without its value where that may be a secret.
func TestWrongSettingsAreToldWithoutSecrets(t *testing.T) {
	t.Parallel()
	collector := program(t)
	feed := func(settings string) string {
		return "{directory: {path: x}, threat_intel: {feeds: [{name: a, " + settings + "}]}}"
	}
	for name, c := range map[string]struct{ settings, says string }{
		"queue with a password":     {`{queue: {url: "https://me:planted-a@sqs.us-east-1.amazonaws.com/1/q"}}`, "`queue::url`"},
		"queue with a query":        {`{queue: {url: "https://sqs.us-east-1.amazonaws.com/1/q?token=planted-a"}}`, "`queue::url`"},
		"queue that is none":        {`{queue: {url: "https://me:planted-a@sqs:port/1/q"}}`, "`queue::url`"},
		"endpoint with a password":  {`{bucket: {name: logs}, aws: {endpoint: "https://me:planted-a@s3.example.com"}}`, "`aws::endpoint`"},
		"endpoint with a query":     {`{bucket: {name: logs}, aws: {endpoint: "https://s3.example.com/?token=planted-a"}}`, "`aws::endpoint`"},
		"endpoint that is none":     {`{bucket: {name: logs}, aws: {endpoint: "me:planted-a@s3.example.com"}}`, "`aws::endpoint`"},
		"external id of nobody":     {`{bucket: {name: logs}, aws: {external_id: planted-a}}`, "`aws::external_id`"},
		"feed with a password":      {feed(`http: {endpoint: "https://me:planted-a@h/"}`), "http::endpoint"},
		"feed that is none":         {feed(`http: {endpoint: "https://me:planted-a@h:port/"}`), "http::endpoint"},
		"collection with a user":    {feed(`taxii: {collection: "https://planted-a@h/"}`), "taxii::collection"},
		"proxy with a password":     {feed(`http: {endpoint: "https://h/", proxy_url: "http://me:planted-a@proxy:3128"}`), "HTTPS_PROXY"},
		"proxy that is none":        {feed(`http: {endpoint: "https://h/", proxy_url: "http://me:planted-a@proxy:port"}`), "http::proxy_url"},
		"headers that are no names": {feed(`http: {endpoint: "https://h/", headers: planted-a}`), "headers"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), limit(time.Minute))
			defer cancel()
			cmd := exec.CommandContext(ctx, collector, "validate", "--config", "env:E2E_CONFIG")
			cmd.Env = []string{"E2E_CONFIG={receivers: {s3_access_logs: " + c.settings + "}, exporters: {nop: {}}, " +
				"service: {pipelines: {logs: {receivers: [s3_access_logs], exporters: [nop]}}}}"}
			output, err := cmd.CombinedOutput()
			require.Error(t, err)
			assert.Contains(t, string(output), c.says)
			assert.Empty(t, leaks(string(output)), string(output))
		})
	}
}
