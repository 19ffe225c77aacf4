//go:build race

package s3io

// raceEnabled: the race detector makes what reads a lot take long.
const raceEnabled = true
