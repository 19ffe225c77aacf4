//go:build !race

package fleet

// underRace: tests that count a lot take a minute then, and show nothing more.
const underRace = false
