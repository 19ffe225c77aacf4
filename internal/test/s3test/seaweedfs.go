package s3test

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/machine"
)

// startSeaweedFS starts a server that reports nothing to anybody. Who asks for it gets it,
// or the test fails.
func (s *Server) startSeaweedFS(t testing.TB, addr string) {
	t.Helper()
	program := find(t, "weed")
	if program == "" {
		t.Fatal("weed is not on PATH nor in .tools/bin: make test-seaweedfs puts it there")
	}
	s.AnyRegion = true
	dir := t.TempDir()
	config := filepath.Join(dir, "s3.json")
	text := fmt.Sprintf(`{"identities": [{"name": "s3test", "actions": ["Admin"], "credentials": [{"accessKey": %q, "secretKey": %q}]}]}`,
		s.AccessKey, s.SecretKey)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	port := func(addr string) string {
		_, p, err := net.SplitHostPort(addr)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	args := []string{
		"-logtostderr", "server", "-dir=" + dir, "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-master.telemetry=false",
		"-s3", "-s3.port=" + port(addr), "-s3.config=" + config, "-s3.port.iceberg=0", "-s3.port.lance=0",
		"-filer.localSocket=filer.sock", "-s3.localSocket=s3.sock", // in dir: the path of a socket has to be short
		"-master.volumeSizeLimitMB=64", "-volume.max=0", // as many as the disk holds
	}
	for _, name := range []string{"master.port", "volume.port", "filer.port"} {
		args = append(args, "-"+name+"="+port(machine.FreeAddr(t)))
	}
	for _, name := range []string{"master", "volume", "filer", "s3"} {
		grpc := port(machine.FreeAddr(t))
		args = append(args, "-"+name+".port.grpc="+grpc)
		t.Cleanup(func() { // whose path is the program's own
			_ = os.Remove("/tmp/seaweedfs-" + name + "-grpc-" + grpc + ".sock")
		})
	}
	out := run(t, dir, program, args...)
	waitUp(t, addr, out)
	for deadline := time.Now().Add(200 * time.Second); ; {
		_, err := s.client.ListBuckets(context.Background(), &s3.ListBucketsInput{})
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("SeaweedFS does not answer: %v\n%s", err, out.String())
		}
		<-time.After(100 * time.Millisecond)
	}
}
