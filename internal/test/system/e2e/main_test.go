package e2e

import (
	"flag"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	// These tests wait for other processes most of the time, so more of them run
	// at once than there are processors. The command line's value wins.
	_ = flag.Set("test.parallel", "12")
	goleak.VerifyTestMain(m)
}
