//go:build race

package checkpoint

// raceEnabled: the race detector makes code slow and its figures wrong.
const raceEnabled = true
