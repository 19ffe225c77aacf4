package servers

import (
	"context"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/machine"
)

const (
	startTimeout = time.Minute // on an idle machine all are up within 0.5 s
	logLines     = 60          // of a failed test's server
)

// process is a running server.
type process struct {
	url     string        // http://127.0.0.1:port
	exited  chan struct{} // closed when the process has ended
	logFile string
	cmd     *exec.Cmd
}

// start runs a command that serves a port of 127.0.0.1, and waits until it
// answers 200 to GET ready, which is a path. It is killed when the test ends:
// what a server holds is of no use after it.
func start(t testing.TB, port, ready string, command ...string) *process {
	t.Helper()
	p := &process{
		url:     "http://127.0.0.1:" + port,
		exited:  make(chan struct{}),
		logFile: filepath.Join(t.TempDir(), "server.log"),
	}
	log, err := os.Create(p.logFile)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close() // the process has its own descriptor
	p.cmd = exec.CommandContext(context.Background(), command[0], command[1:]...)
	p.cmd.Stdout, p.cmd.Stderr = log, log
	if err := p.cmd.Start(); err != nil {
		t.Fatalf("start %s: %v", command[0], err)
	}
	go func() {
		_ = p.cmd.Wait() // its result is in ProcessState
		close(p.exited)
	}()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		<-p.exited
		if t.Failed() {
			t.Logf("the end of the log of %s:\n%s", filepath.Base(command[0]), p.logTail())
		}
	})
	p.waitReady(t, ready)
	return p
}

func (p *process) waitReady(t testing.TB, path string) {
	t.Helper()
	deadline := time.After(startTimeout)
	for !p.answers(path) {
		select {
		case <-p.exited:
			t.Fatalf("%s ended as it started: %v", p.cmd.Path, p.cmd.ProcessState)
		case <-deadline:
			t.Fatalf("%s was not ready after %v", p.cmd.Path, startTimeout)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// answers reports whether GET path gives 200 within a second: a server that starts may
// take requests that it never answers.
func (p *process) answers(path string) bool {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url+path, http.NoBody)
	if err != nil {
		return false
	}
	req.Close = true // no connection outlives the test
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}

// logTail returns the last lines of what the process wrote.
func (p *process) logTail() string {
	text, err := os.ReadFile(p.logFile)
	if err != nil {
		return err.Error()
	}
	lines := strings.SplitAfter(string(text), "\n")
	return strings.Join(lines[max(0, len(lines)-logLines):], "")
}

// freePort returns a port of 127.0.0.1 that nobody listens on at this moment.
func freePort(t testing.TB) string {
	t.Helper()
	_, port, err := net.SplitHostPort(machine.FreeAddr(t))
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// built returns the absolute path of what `make test-servers` has put at a path
// below .tools. It skips the test where nobody asked for servers.
func built(t testing.TB, path ...string) string {
	t.Helper()
	if testing.Short() || os.Getenv("TEST_SERVERS") != "1" {
		t.Skip("starts a server: make test-servers runs it")
	}
	file := filepath.Join(append([]string{machine.Repository(t), ".tools"}, path...)...)
	if _, err := os.Stat(file); err != nil {
		t.Fatalf("there is no %s: run make test-servers", file)
	}
	return file
}

// write puts a file into a directory of the test and returns its path.
func write(t testing.TB, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
