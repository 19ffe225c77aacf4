//go:build race

package lines

// raceEnabled: under the race detector sync.Pool drops items at random.
const raceEnabled = true
