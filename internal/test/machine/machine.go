// Package machine tells tests and benchmarks about what they run on: a free address, the
// root of the repository, and the garbage collector's share of the CPU time.
package machine

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
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

// Ports that systems do not give to connections of their own: those are 32768 and up on
// Linux, 49152 and up elsewhere.
const (
	firstPort = 15_000
	ports     = 17_000
)

// used are the ports that FreeAddr returned.
var used sync.Map

// FreeAddr returns an address of 127.0.0.1, with its port, that nobody listens on at this
// moment. No other call of this process gets it, and no connection: it stays free until
// the caller's program listens, unless another process picks the same at random.
func FreeAddr(t testing.TB) string {
	t.Helper()
	var config net.ListenConfig
	for {
		addr := "127.0.0.1:" + strconv.Itoa(firstPort+rand.IntN(ports))
		if _, taken := used.LoadOrStore(addr, true); taken {
			continue
		}
		l, err := config.Listen(context.Background(), "tcp", addr)
		switch {
		case errors.Is(err, syscall.EADDRINUSE):
			continue
		case err != nil:
			t.Fatal(err)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		return addr
	}
}
