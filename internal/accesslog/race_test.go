//go:build race

package accesslog

// raceEnabled: the race detector makes what reads a lot take long.
const raceEnabled = true
