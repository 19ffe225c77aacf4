package e2e

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// memory follows what a process takes, until it ends. Linux only; elsewhere all
// of it is 0.
type memory struct {
	finished chan struct{} // closed when the fields below are final
	peak     int64         // VmHWM: resident bytes at most, with the pages of the program's own file
	heap     int64         // RssAnon: resident bytes that are no file's, at most as seen every 20 ms
}

func watchMemory(pid int, exited <-chan struct{}) *memory {
	m := &memory{finished: make(chan struct{})}
	go func() {
		defer close(m.finished)
		ticks := time.NewTicker(20 * time.Millisecond)
		defer ticks.Stop()
		for {
			status, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
			m.peak = max(m.peak, kilobytes(string(status), "VmHWM:"))
			m.heap = max(m.heap, kilobytes(string(status), "RssAnon:"))
			select {
			case <-ticks.C:
			case <-exited:
				return
			}
		}
	}()
	return m
}

// done waits for the end of the process.
func (m *memory) done() *memory {
	<-m.finished
	return m
}

func (m *memory) String() string {
	return fmt.Sprintf("peak RSS %d MB, of it %d MB anonymous", m.peak/1e6, m.heap/1e6)
}

// kilobytes reads a line such as "VmHWM:  126216 kB", and returns bytes.
func kilobytes(status, name string) int64 {
	_, rest, _ := strings.Cut(status, name)
	line, _, _ := strings.Cut(rest, " kB")
	n, _ := strconv.ParseInt(strings.TrimSpace(line), 10, 64) // 0 when the process has ended
	return n << 10
}
