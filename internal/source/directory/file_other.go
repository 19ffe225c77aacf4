//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package directory

import "io/fs"

const (
	nonBlocking = 0
	onlyFolder  = 0
)

// fileIDOf returns nothing: what is known of a file does not tell it from others.
func fileIDOf(fs.FileInfo) (id fileID, ok bool) { return fileID{}, false }
