//go:build race

package threat

// raceEnabled: the race detector allocates and takes several times the memory.
const raceEnabled = true
