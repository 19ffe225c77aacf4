//go:build race

package rollup

// raceEnabled: under the race detector sync.Pool drops items at random.
const raceEnabled = true
