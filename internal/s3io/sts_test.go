package s3io

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

const testRole = "arn:aws:iam::111122223333:role/reader"

// listAssuming lists with a role that aws.role_arn names.
func listAssuming(t *testing.T) error {
	t.Helper()
	t.Setenv("AWS_ACCESS_KEY_ID", "any")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "any")
	return listWith(t, Config{RoleARN: testRole})
}

// listByWebIdentity lists with a role that the SDK assumes by itself, as a service
// account of EKS does.
func listByWebIdentity(t *testing.T) error {
	t.Helper()
	token := filepath.Join(t.TempDir(), "token")
	require.NoError(t, os.WriteFile(token, []byte("web-identity-token"), 0o600))
	t.Setenv("AWS_ACCESS_KEY_ID", "")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "")
	t.Setenv("AWS_SESSION_TOKEN", "")
	t.Setenv("AWS_WEB_IDENTITY_TOKEN_FILE", token)
	t.Setenv("AWS_ROLE_ARN", testRole)
	return listWith(t, Config{})
}

// listWith lists with what the environment says, but for variables.
func listWith(t *testing.T, cfg Config, without ...string) error {
	t.Helper()
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	t.Setenv("AWS_CONFIG_FILE", t.TempDir()+"/none")
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", t.TempDir()+"/none")
	for _, name := range without {
		t.Setenv(name, "")
	}
	s3 := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t.Errorf("S3 is asked without credentials: %v", r.Header)
		w.WriteHeader(http.StatusForbidden)
	}))
	defer s3.Close()
	cfg.Endpoint, cfg.ForcePathStyle = s3.URL, true
	c, err := New(t.Context(), cfg, Deps{})
	require.NoError(t, err)
	defer c.Close()
	_, err = c.List(t.Context(), ListInput{Bucket: "b"})
	return err
}

// assumed is STS's answer to an action.
func assumed(action, credentials string) string {
	return fmt.Sprintf(`<%[1]sResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><%[1]sResult>%[2]s</%[1]sResult></%[1]sResponse>`, action, credentials)
}

// What is not STS's answer gives no credentials, panics nowhere, and is reported.
func TestAnswersThatAreNotOfSTS(t *testing.T) {
	key := func(id, secret, token string) string {
		return "<Credentials><AccessKeyId>" + id + "</AccessKeyId><SecretAccessKey>" + secret + "</SecretAccessKey><SessionToken>" +
			token + "</SessionToken><Expiration>2126-01-01T00:00:00Z</Expiration></Credentials>"
	}
	lists := map[string]func(*testing.T) error{"AssumeRole": listAssuming, "AssumeRoleWithWebIdentity": listByWebIdentity}
	for action, list := range lists {
		for name, body := range map[string]string{
			"empty":          "",
			"a sign-in page": "<!DOCTYPE html><html><head><title>Sign in</title></head><body>please<br></body></html>",
			"XHTML":          "<html><body>please</body></html>",
			"JSON":           `{"message":"ok"}`,
			"another root":   `<GetCallerIdentityResponse><GetCallerIdentityResult/></GetCallerIdentityResponse>`,
			"no result":      "<" + action + "Response/>",
			"no credentials": assumed(action, ""),
			"no key":         assumed(action, key("", "secret", "token")),
			"no secret":      assumed(action, key("id", "", "token")),
			"no token":       assumed(action, key("id", "secret", "")),
			"cut":            assumed(action, key("id", "secret", "token"))[:120],
		} {
			t.Run(action+" "+name, func(t *testing.T) {
				var asked atomic.Int64
				sts := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					asked.Add(1)
					_, _ = io.Copy(io.Discard, r.Body)
					_, _ = io.WriteString(w, body)
				}))
				defer sts.Close()
				t.Setenv("AWS_ENDPOINT_URL_STS", sts.URL)
				err := list(t)
				require.ErrorIs(t, err, ErrNoCredentials)
				require.ErrorIs(t, err, source.ErrUnreachable)
				assert.ErrorContains(t, err, "what answered is not STS: check proxies and AWS_ENDPOINT_URL_STS")
				assert.NotContains(t, err.Error(), "\n")
				assert.NotContains(t, err.Error(), "secret")
				assert.Positive(t, asked.Load())
			})
		}
	}
}

// Once STS answers as it should, the next call works: nothing of what was wrong
// is kept.
func TestCredentialsAreAskedForAgain(t *testing.T) {
	for _, kind := range []string{"a role", "a container"} {
		t.Run(kind, func(t *testing.T) {
			var well atomic.Bool
			giver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				expires := time.Now().Add(time.Hour).UTC().Format(time.RFC3339)
				switch {
				case kind == "a role" && well.Load():
					_, _ = io.WriteString(w, assumed("AssumeRole", "<Credentials><AccessKeyId>id</AccessKeyId><SecretAccessKey>secret</SecretAccessKey>"+
						"<SessionToken>token</SessionToken><Expiration>"+expires+"</Expiration></Credentials>"))
				case well.Load():
					_, _ = fmt.Fprintf(w, `{"AccessKeyId":"id","SecretAccessKey":"secret","Token":"token","Expiration":%q}`, expires)
				case kind == "a container":
					_, _ = io.WriteString(w, `{}`)
				}
			}))
			defer giver.Close()
			var signed atomic.Int64
			s3 := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				assert.Equal(t, "token", r.Header.Get("X-Amz-Security-Token"))
				signed.Add(1)
				_, _ = io.WriteString(w, `<ListBucketResult><Name>b</Name><IsTruncated>false</IsTruncated></ListBucketResult>`)
			}))
			defer s3.Close()
			t.Setenv("AWS_CONFIG_FILE", t.TempDir()+"/none")
			t.Setenv("AWS_SHARED_CREDENTIALS_FILE", t.TempDir()+"/none")
			t.Setenv("AWS_SESSION_TOKEN", "")
			t.Setenv("AWS_ACCESS_KEY_ID", "")
			t.Setenv("AWS_SECRET_ACCESS_KEY", "")
			cfg := Config{Endpoint: s3.URL, ForcePathStyle: true}
			if kind == "a role" {
				t.Setenv("AWS_ACCESS_KEY_ID", "any")
				t.Setenv("AWS_SECRET_ACCESS_KEY", "any")
				t.Setenv("AWS_ENDPOINT_URL_STS", giver.URL)
				cfg.RoleARN = testRole
			} else {
				t.Setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", giver.URL)
			}
			c, err := New(t.Context(), cfg, Deps{})
			require.NoError(t, err)
			defer c.Close()
			for range 2 {
				_, err = c.List(t.Context(), ListInput{Bucket: "b"})
				require.ErrorIs(t, err, ErrNoCredentials)
				require.ErrorIs(t, err, source.ErrUnreachable)
			}
			require.Zero(t, signed.Load())
			well.Store(true)
			_, err = c.List(t.Context(), ListInput{Bucket: "b"})
			require.NoError(t, err)
			assert.Equal(t, int64(1), signed.Load())
		})
	}
}

// The SDK's own providers of credentials leave no connections either.
func TestNoConnectionIsLeft(t *testing.T) {
	for name, list := range map[string]func(t *testing.T, url string) error{
		"a role": func(t *testing.T, url string) error {
			t.Setenv("AWS_ENDPOINT_URL_STS", url)
			return listAssuming(t)
		},
		"a web identity": func(t *testing.T, url string) error {
			t.Setenv("AWS_ENDPOINT_URL_STS", url)
			return listByWebIdentity(t)
		},
		"a container": func(t *testing.T, url string) error {
			t.Setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", url)
			return listWith(t, Config{})
		},
		"a machine": func(t *testing.T, url string) error {
			t.Setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", url)
			return listWith(t, Config{}, "AWS_EC2_METADATA_DISABLED")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("AWS_ACCESS_KEY_ID", "")
			t.Setenv("AWS_SECRET_ACCESS_KEY", "")
			var made, open atomic.Int64
			giver := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				w.Header().Set("X-Aws-Ec2-Metadata-Token-Ttl-Seconds", "21600") // a machine's answer to PUT
				_, _ = io.WriteString(w, "{}")
			}))
			giver.Config.ConnState = func(_ net.Conn, state http.ConnState) {
				switch state {
				case http.StateNew:
					made.Add(1)
					open.Add(1)
				case http.StateClosed:
					open.Add(-1)
				}
			}
			giver.Start()
			defer giver.Close()
			require.ErrorIs(t, list(t, giver.URL), ErrNoCredentials)
			require.Positive(t, made.Load())
			require.Eventually(t, func() bool { return open.Load() == 0 }, 100*time.Second, time.Millisecond)
		})
	}
}

// From within a container, a machine may leave the request for a token unanswered.
// The SDK then asks without one, for which its own time limits are needed.
func TestMachineWithoutTokens(t *testing.T) {
	machine := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodPut:
			<-r.Context().Done()
		case strings.HasSuffix(r.URL.Path, "/security-credentials/"):
			_, _ = io.WriteString(w, "reader")
		default:
			_, _ = fmt.Fprintf(w, `{"Code":"Success","AccessKeyId":"","SecretAccessKey":"","Token":"","Expiration":%q}`, time.Now().Add(time.Hour).UTC().Format(time.RFC3339))
		}
	}))
	defer machine.Close()
	t.Setenv("AWS_ACCESS_KEY_ID", "")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "")
	t.Setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", machine.URL)
	err := listWith(t, Config{}, "AWS_EC2_METADATA_DISABLED")
	require.ErrorContains(t, err, errNotCredentials.Error(), "the machine was not asked to the end")
	assert.NotContains(t, err.Error(), "STS")
}
