//go:build race

package geo

// raceEnabled: the race detector makes what has many rounds take long.
const raceEnabled = true
