package servers

import (
	"os/exec"
	"testing"
)

// Fauxqs starts an SQS in Node and returns its endpoint, http://127.0.0.1:port,
// which takes any credentials and every region. The addresses of its queues lead
// to it. It is killed when the test ends.
//
// It differs from Amazon's in two ways that are known: it accepts a made-up
// receipt handle, and StartMessageMoveTask is not there.
func Fauxqs(t testing.TB) (endpoint string) {
	t.Helper()
	script := built(t, "fauxqs", "serve.js")
	node, err := exec.LookPath("node")
	if err != nil {
		t.Fatal("there is no node on PATH")
	}
	port := freePort(t)
	return start(t, port, "/health", node, script, "127.0.0.1", port).url
}
