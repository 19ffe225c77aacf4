//go:build race

package accesslog

// The race detector adds nothing to a test of one goroutine, but time.
const forgeries = 10_000
