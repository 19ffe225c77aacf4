package directory

import (
	"errors"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// openWithoutLinks opens a path on which there is no link, in one system call. It fails
// on kernels before 5.6, and in containers that do not know the call.
func openWithoutLinks(path string, flags int) (*os.File, error) {
	for {
		fd, err := unix.Openat2(unix.AT_FDCWD, path, &unix.OpenHow{
			Flags: uint64(flags) | unix.O_CLOEXEC, Resolve: unix.RESOLVE_NO_SYMLINKS,
		})
		switch {
		case err == nil:
			return os.NewFile(uintptr(fd), path), nil
		case !errors.Is(err, unix.EINTR):
			return nil, &fs.PathError{Op: "open", Path: path, Err: err}
		}
	}
}
