//go:build !linux

package directory

import (
	"errors"
	"os"
)

// openWithoutLinks opens a path on which there is no link. It is not to be had here.
func openWithoutLinks(string, int) (*os.File, error) { return nil, errors.ErrUnsupported }
