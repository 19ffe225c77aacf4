//go:build !race

package accesslog

const forgeries = 100_000
