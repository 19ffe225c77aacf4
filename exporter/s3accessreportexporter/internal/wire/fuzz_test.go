package wire

import (
	"bytes"
	"testing"
)

// FuzzReader reads values in the order that the first bytes name: no panic, no text that
// lies outside the value, nothing after an error.
func FuzzReader(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3, 4}, Fixed(Text(Int(Uint(nil, 300), -5), "text"), 7))
	f.Fuzz(func(t *testing.T, kinds, value []byte) {
		r := NewReader(value)
		for _, kind := range kinds {
			failed := r.Failed()
			var read uint64
			switch kind % 5 {
			case 0:
				read = r.Uint()
			case 1:
				read = uint64(r.Int())
			case 2:
				text := r.Text(256)
				read = uint64(len(text))
				if len(text) > 256 || !bytes.Contains(value, text) {
					t.Errorf("text %q", text)
				}
			case 3:
				if read = uint64(r.Count()); read > uint64(len(value)) {
					t.Errorf("%d things of %d bytes", read, len(value))
				}
			case 4:
				read = r.Fixed()
			}
			if failed && read != 0 {
				t.Errorf("%d after an error", read)
			}
		}
	})
}
