package source

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// ErrCursor is wrapped when a stored cursor is not what a source wrote. It is
// permanent.
var ErrCursor = errors.New("stored cursor cannot be read")

// cursorFormat is the first byte of a cursor; JSON follows.
const cursorFormat = 1

// EncodeCursor encodes v, which must be encodable as JSON, as a cursor.
func EncodeCursor(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // about the type, not the value
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
