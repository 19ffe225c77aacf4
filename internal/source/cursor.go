package source

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// ErrCursor is wrapped when a stored cursor is not what a source wrote. Trying
// again does not help.
var ErrCursor = errors.New("stored cursor cannot be read")

// cursorFormat is the first byte of a cursor; JSON follows.
const cursorFormat = 1

// EncodeCursor returns v, which JSON can hold, as a cursor.
func EncodeCursor(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // of a type, not of what is in it
	}
	return append([]byte{cursorFormat}, text...)
}

// DecodeCursor reads what EncodeCursor made. Its errors name the cursor.
func DecodeCursor(name string, value []byte, v any) error {
	if len(value) == 0 || value[0] != cursorFormat {
		return fmt.Errorf("%w: %q is of another format than this version writes", ErrCursor, name)
	}
	d := json.NewDecoder(bytes.NewReader(value[1:]))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return fmt.Errorf("%w: %q: %w", ErrCursor, name, err)
	}
	return nil
}
