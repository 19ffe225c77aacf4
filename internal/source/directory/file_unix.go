//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package directory

import (
	"encoding/binary"
	"io/fs"
	"syscall"
)

const (
	nonBlocking = syscall.O_NONBLOCK
	onlyFolder  = syscall.O_DIRECTORY
)

// fileIDOf returns device and inode; ok is false where a file system has no inodes.
func fileIDOf(info fs.FileInfo) (id fileID, ok bool) {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok || st.Ino == 0 {
		return fileID{}, false
	}
	binary.LittleEndian.PutUint64(id[:8], uint64(st.Dev)) //nolint:unconvert // another type on other systems
	binary.LittleEndian.PutUint64(id[8:], uint64(st.Ino)) //nolint:unconvert // another type on other systems
	return id, true
}
