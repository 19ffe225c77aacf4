package lines

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/zeebo/xxh3"
)

func TestCut(t *testing.T) {
	for _, c := range []struct{ text, line, rest string }{
		{"", "", ""},
		{"a", "a", ""},
		{"a\n", "a", ""},
		{"a\r\n", "a", ""},
		{"a\nb\n", "a", "b\n"},
		{"a\r\nb", "a", "b"},
		{"\n", "", ""},
		{"\r\n", "", ""},
		{"\n\nb", "", "\nb"},
		{"a\rb\n", "a\rb", ""},
		{"a\r\r\n", "a\r", ""},
		{"a\r", "a\r", ""},
		{"\n\r", "", "\r"},
	} {
		line, rest := Cut(c.text)
		assert.Equal(t, [2]string{c.line, c.rest}, [2]string{line, rest}, "%q", c.text)
	}
}

// The ID is a public name of a line, so it may never change.
func TestIdentify(t *testing.T) {
	assert.Equal(t, "\x99\xaa\x06\xd3\x01\x47\x98\xd8\x60\x01\xc3\x24\x46\x8d\x49\x7f", idString(Identify("")))
	want := xxh3.HashString128("a line").Bytes()
	assert.Equal(t, ID(want), Identify("a line"))
	assert.Zero(t, testing.AllocsPerRun(100, func() { Identify(record) }))
}

func idString(id ID) string { return string(id[:]) }
