// Package machine tells tests and benchmarks about what they run on: a free address, the
// root of the repository, and the garbage collector's share of the CPU time.
package machine

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"testing"
)

// Repository returns the root of the repository around the test's directory.
func Repository(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "builder-config.yaml")); err == nil {
			return dir
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("the test does not run inside the repository")
		}
		dir = filepath.Dir(dir)
	}
}

// FreeAddr returns an address of 127.0.0.1, with its port, that nobody listens
// on at this moment.
func FreeAddr(t testing.TB) string {
	t.Helper()
	var config net.ListenConfig
	l, err := config.Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
