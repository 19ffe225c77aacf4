//go:build race

package slowreader_test

const raceEnabled = true
