package threat

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

var errTooDeep = errors.New("json nested deeper than 64")

// nesting counts the open brackets of JSON.
type nesting struct {
	depth            int
	inString, escape bool
}

// step processes the next byte.
func (n *nesting) step(c byte) {
	switch {
	case n.escape:
		n.escape = false
	case n.inString:
		n.escape = c == '\\'
		n.inString = c != '"'
	case c == '"':
		n.inString = true
	case c == '{' || c == '[':
		n.depth++
	case c == '}' || c == ']':
		n.depth--
	}
}

// depthReader ends JSON that is nested too deeply with an error.
type depthReader struct {
	r io.Reader
	nesting
}

func (d *depthReader) Read(p []byte) (int, error) {
	n, err := d.r.Read(p)
	for _, c := range p[:n] {
		if d.step(c); d.depth > maxDepth {
			return 0, errTooDeep
		}
	}
	return n, err
}

func deeperThan(text []byte, depth int) bool {
	var n nesting
	for _, c := range text {
		if n.step(c); n.depth > depth {
			return true
		}
	}
	return false
}

// scanKeys returns the names in the objects of a text, which may be truncated
// anywhere.
func scanKeys(text []byte) []jsonKey {
	keys := []jsonKey{}
	var n nesting
	begin := 0
	for i, c := range text {
		was := n.inString
		n.step(c)
		switch {
		case n.inString && !was:
			begin = i + 1
		case was && !n.inString && bytes.HasPrefix(bytes.TrimLeft(text[i+1:min(i+32, len(text))], " \t\r\n"), []byte{':'}):
			keys = append(keys, jsonKey{n.depth, string(text[begin:i])})
		}
	}
	return keys
}

func newDecoder(r io.Reader) *json.Decoder { return json.NewDecoder(&depthReader{r: r}) }

// eachElement calls fn for every element of an array; fn must consume the element.
// A value that is not an array is consumed and has no elements.
func eachElement(d *json.Decoder, fn func() error) error {
	start, err := d.Token()
	if err != nil {
		return err
	}
	if start == json.Delim('{') {
		return eachKey(d, func(string) error { return skipValue(d) })
	}
	if start != json.Delim('[') {
		return nil
	}
	for d.More() {
		if err := fn(); err != nil {
			return err
		}
	}
	_, err = d.Token()
	return err
}

// eachKey calls fn for every name of an object whose { was read; fn must consume
// the value.
func eachKey(d *json.Decoder, fn func(key string) error) error {
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return err
		}
		name, _ := key.(string) // names are strings
		if err := fn(name); err != nil {
			return err
		}
	}
	_, err := d.Token()
	return err
}

// skipValue consumes a value token by token, so that a large one is not held in
// memory.
func skipValue(d *json.Decoder) error {
	for depth := 0; ; {
		t, err := d.Token()
		if err != nil {
			return err
		}
		switch t {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
		if depth == 0 {
			return nil
		}
	}
}

// decodeEntry reads an entry. bad is an error in this entry alone, after which the
// next one can be read; after err the feed cannot be read further.
func decodeEntry(d *json.Decoder, into any) (bad, err error) {
	err = d.Decode(into)
	var wrongType *json.UnmarshalTypeError
	var wrong *entryError
	if errors.As(err, &wrongType) || errors.As(err, &wrong) {
		return err, nil
	}
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return nil, err
}

// entryError is an error in a value of an entry.
type entryError struct{ err error }

func (e *entryError) Error() string { return e.err.Error() }

// text is a string, number or bool as a string; any other value is "".
type text string

// UnmarshalJSON implements json.Unmarshaler.
func (t *text) UnmarshalJSON(b []byte) error {
	switch b[0] {
	case '"':
		return json.Unmarshal(b, (*string)(t))
	case '{', '[', 'n':
		*t = ""
	default:
		*t = text(b)
	}
	return nil
}

// texts is a list of names. In JSON it is a string, or an array of strings or of
// objects that have a name.
type texts []string

// UnmarshalJSON implements json.Unmarshaler.
func (t *texts) UnmarshalJSON(b []byte) error {
	*t = nil
	if b[0] != '[' {
		b = []byte("[" + string(b) + "]")
	}
	var elements []json.RawMessage
	if err := json.Unmarshal(b, &elements); err != nil {
		return err
	}
	for _, e := range elements {
		var name text
		if e[0] == '{' {
			var object struct{ Name, Value text }
			if err := json.Unmarshal(e, &object); err != nil {
				return err
			}
			if name = object.Name; name == "" {
				name = object.Value
			}
		} else if err := json.Unmarshal(e, &name); err != nil {
			return err
		}
		if name != "" {
			*t = append(*t, string(name))
		}
	}
	return nil
}

func (t texts) String() string { return strings.Join(t, ", ") }

// moment is a time in unix seconds, read in any of parseTime's formats; 0 means
// none.
type moment int64

// UnmarshalJSON implements json.Unmarshaler.
func (m *moment) UnmarshalJSON(b []byte) error {
	var s text
	if err := s.UnmarshalJSON(b); err != nil {
		return err
	}
	seconds, err := parseTime(string(s))
	if err != nil {
		return &entryError{fmt.Errorf("%w", err)}
	}
	*m = moment(seconds)
	return nil
}
