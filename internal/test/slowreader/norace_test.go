//go:build !race

package slowreader_test

const raceEnabled = false
