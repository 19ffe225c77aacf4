package otlplogs

import (
	"runtime"
	"runtime/debug"
	"testing"
)

func TestTmpProf(t *testing.T) {
	lines := mix().lines
	c, from := NewConverter(testOptions()), testOrigin()
	debug.SetGCPercent(-1)
	for range 100 {
		runtime.GC()
		convertMix(c, from, lines)
	}
}
