//go:build !killpoints

package killpoint

// Reached does nothing.
func Reached(Step) {}
