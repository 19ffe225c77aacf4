//go:build race

package ingest

// raceEnabled: under the race detector tests of many rounds take minutes, and fewer
// rounds find races as well.
const raceEnabled = true
