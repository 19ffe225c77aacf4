//go:build !race

package s3io

const raceEnabled = false
