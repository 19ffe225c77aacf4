// Package s3test gives tests a real S3 server (versitygw, or SeaweedFS on request, a
// process of its own) and a proxy in front of it that breaks things on purpose. It supports
// tests only, and is the one other package that may import the AWS SDK: objects are
// put by a client that is not the one under test.
package s3test

import (
	"bytes"
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/machine"
)

// Region is the server's.
const Region = "us-east-1"

// Server is a running server. It is killed when the test ends.
type Server struct {
	Endpoint  string // http://127.0.0.1:port; path style
	AccessKey string
	SecretKey string
	Env       []string // the credentials as the SDK's chain takes them: "AWS_...=..."
	AnyRegion bool     // it takes requests that are signed for another Region than its own

	client *s3.Client
	data   string // the directory that holds the buckets; "": they are no directories
}

// Variable names the environment variable that says which server Start starts:
// versitygw, or seaweedfs.
const Variable = "S3TEST_SERVER"

// Start starts a server with nothing in it, or skips the test when versitygw is
// neither on PATH nor in .tools/bin of the module.
func Start(t testing.TB) *Server {
	t.Helper()
	s := &Server{AccessKey: "s3test-access", SecretKey: "s3test-secret"}
	addr := machine.FreeAddr(t)
	s.Endpoint = "http://" + addr
	s.Env = []string{
		"AWS_ACCESS_KEY_ID=" + s.AccessKey, "AWS_SECRET_ACCESS_KEY=" + s.SecretKey,
		"AWS_REGION=" + Region, "AWS_EC2_METADATA_DISABLED=true",
	}
	s.client = s3.New(s3.Options{
		Region: Region, BaseEndpoint: &s.Endpoint, UsePathStyle: true,
		Credentials: credentials.NewStaticCredentialsProvider(s.AccessKey, s.SecretKey, ""),
	})
	switch server := os.Getenv(Variable); server {
	case "", "versitygw":
		s.startVersityGW(t, addr)
	case "seaweedfs":
		s.startSeaweedFS(t, addr)
	default:
		t.Fatalf("%s is %q: it must be versitygw or seaweedfs", Variable, server)
	}
	return s
}

func (s *Server) startVersityGW(t testing.TB, addr string) {
	t.Helper()
	program := find(t, "versitygw")
	if program == "" {
		t.Skip("versitygw is not on PATH nor in .tools/bin: make test puts it there " +
			"(go install github.com/versity/versitygw/cmd/versitygw@v1.8.0)")
	}
	dir := t.TempDir()
	meta := filepath.Join(dir, "meta")
	s.data = filepath.Join(dir, "data")
	for _, d := range []string{s.data, meta} {
		if err := os.Mkdir(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	out := run(t, dir, program, "--access", s.AccessKey, "--secret", s.SecretKey, "--region", Region,
		"--port", addr, "--keep-alive", "--quiet", "posix", "--sidecar", meta, s.data)
	waitUp(t, addr, out)
}

// run starts a program in a directory. It is killed when the test ends.
func run(t testing.TB, dir, program string, args ...string) *output {
	t.Helper()
	cmd := exec.CommandContext(context.Background(), program, args...)
	cmd.Dir = dir
	out := &output{}
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		t.Fatalf("start %s: %v", program, err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	return out
}

// SetEnv gives this process the server's credentials for the rest of the test.
func (s *Server) SetEnv(t testing.TB) {
	t.Helper()
	for _, kv := range s.Env {
		name, value, _ := strings.Cut(kv, "=")
		t.Setenv(name, value)
	}
}

// CreateBucket makes a bucket.
func (s *Server) CreateBucket(t testing.TB, bucket string) {
	t.Helper()
	if _, err := s.client.CreateBucket(context.Background(), &s3.CreateBucketInput{Bucket: &bucket}); err != nil {
		t.Fatalf("create bucket %s: %v", bucket, err)
	}
}

// Put stores an object and returns its ETag without quotes.
func (s *Server) Put(t testing.TB, bucket, key string, body []byte) (etag string) {
	t.Helper()
	out, err := s.client.PutObject(context.Background(), &s3.PutObjectInput{
		Bucket: &bucket, Key: &key, Body: bytes.NewReader(body),
	})
	if err != nil {
		t.Fatalf("put s3://%s/%s: %v", bucket, key, err)
	}
	return strings.Trim(aws.ToString(out.ETag), `"`)
}

// PutAll stores many objects with the same body, several at a time.
func (s *Server) PutAll(t testing.TB, bucket string, keys []string, body []byte) {
	t.Helper()
	var wg sync.WaitGroup
	next := make(chan string)
	for range 8 {
		wg.Go(func() {
			for key := range next {
				_, err := s.client.PutObject(context.Background(), &s3.PutObjectInput{
					Bucket: &bucket, Key: &key, Body: bytes.NewReader(body),
				})
				if err != nil {
					t.Errorf("put s3://%s/%s: %v", bucket, key, err)
				}
			}
		})
	}
	for _, key := range keys {
		next <- key
	}
	close(next)
	wg.Wait()
}

// Place lays many objects with the same body into the server's own directory, a
// hundred times as fast as PutAll, which it is where buckets are no directories. Such
// objects have no ETag.
func (s *Server) Place(t testing.TB, bucket string, keys []string, body []byte) {
	t.Helper()
	if s.data == "" {
		s.PutAll(t, bucket, keys, body)
		return
	}
	for _, key := range keys {
		if err := os.WriteFile(filepath.Join(s.data, bucket, filepath.FromSlash(key)), body, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// PutEncoded stores an object with a Content-Encoding.
func (s *Server) PutEncoded(t testing.TB, bucket, key, encoding string, body []byte) {
	t.Helper()
	_, err := s.client.PutObject(context.Background(), &s3.PutObjectInput{
		Bucket: &bucket, Key: &key, Body: bytes.NewReader(body), ContentEncoding: &encoding,
	})
	if err != nil {
		t.Fatalf("put s3://%s/%s: %v", bucket, key, err)
	}
}

// Delete removes objects.
func (s *Server) Delete(t testing.TB, bucket string, keys ...string) {
	t.Helper()
	ids := make([]types.ObjectIdentifier, len(keys))
	for i := range keys {
		ids[i].Key = &keys[i]
	}
	_, err := s.client.DeleteObjects(context.Background(), &s3.DeleteObjectsInput{
		Bucket: &bucket, Delete: &types.Delete{Objects: ids},
	})
	if err != nil {
		t.Fatalf("delete from %s: %v", bucket, err)
	}
}

// find looks on PATH, then in .tools/bin of the module around the test. It
// returns "" when the program is in neither.
func find(t testing.TB, program string) string {
	t.Helper()
	if path, err := exec.LookPath(program); err == nil {
		return path
	}
	path, err := exec.LookPath(filepath.Join(machine.Repository(t), ".tools", "bin", program))
	if err != nil {
		return ""
	}
	return path
}

func waitUp(t testing.TB, addr string, out *output) {
	t.Helper()
	var dialer net.Dialer
	for deadline := time.Now().Add(200 * time.Second); time.Now().Before(deadline); {
		conn, err := dialer.DialContext(context.Background(), "tcp", addr)
		if err == nil {
			conn.Close()
			return
		}
		<-time.After(20 * time.Millisecond)
	}
	t.Fatalf("the server does not listen on %s:\n%s", addr, out.String())
}

// output keeps what the server writes.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}
