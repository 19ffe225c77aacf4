package display

import (
	"fmt"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
)

func TestLine(t *testing.T) {
	for _, c := range []struct {
		text  string
		limit int
		want  string
	}{
		{"", 3, ""},
		{"plain text", 10, "plain text"},
		{"plain texts", 10, "plain t..."},
		{"abcd", 3, "..."},
		{"a\x00\t\r\n\x1b[31m\x7f", 99, `a\u{0}\u{9}\u{d}\u{a}\u{1b}[31m\u{7f}`},
		{"\u009b\u2028\u2029\u061c\u200e\u200f\u202e\u2066\u2069", 99, `\u{9b}\u{2028}\u{2029}\u{61c}\u{200e}\u{200f}\u{202e}\u{2066}\u{2069}`},
		{"a\xff\xfez", 99, "a\ufffd\ufffdz"},
		{"\u00e9 \u65e5", 6, "\u00e9 \u65e5"},
		{"\u00e9 \u65e5!", 6, "\u00e9 ..."},
		{"\u65e5\u65e5\u65e5", 8, "\u65e5..."},
		{"ab\u202e", 10, `ab\u{202e}`},
		{"ab\u202e", 9, "ab..."}, // an escape is whole or not there
		{"ab\u202ec", 10, "ab..."},
	} {
		assert.Equal(t, c.want, Line(c.text, c.limit), "%q", c.text)
		assert.Equal(t, "before "+c.want, string(AppendLine([]byte("before "), c.text, c.limit)), "%q", c.text)
	}
}

// Every character comes as it is or as \u{..}, and what is shown stays as it is.
func TestWhichCharactersAreShown(t *testing.T) {
	for r := range unicode.MaxRune + 1 {
		text := "a" + string(r) + "b"
		want := text
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029' {
			want = fmt.Sprintf(`a\u{%x}b`, r)
		}
		got := Line(text, 100)
		if got != want || Line(got, 100) != got {
			t.Fatalf("%U: %q", r, got)
		}
	}
}

// Whatever the text and the limit are, the line is valid, has no hidden character, and is
// not longer.
func FuzzLine(f *testing.F) {
	for _, text := range []string{"", "abc", "a\x00\x7f\u009b\u202e\xff\u65e5", strings.Repeat("\u2028", 9)} {
		f.Add(text, 8)
	}
	f.Fuzz(func(t *testing.T, text string, limit int) {
		limit = max(limit, len(mark))
		line := Line(text, limit)
		if len(line) > limit || !utf8.ValidString(line) || strings.ContainsFunc(line, isHidden) {
			t.Errorf("%q of %q, at most %d", line, text, limit)
		}
		whole := Line(text, max(100*len(text), len(mark)))
		if head, isCut := strings.CutSuffix(line, mark); line != whole && (!isCut || !strings.HasPrefix(whole, head)) {
			t.Errorf("%q is not a part of %q", line, whole)
		}
	})
}

func TestLineOfPlainTextAllocatesNothing(t *testing.T) {
	text := strings.Repeat("plain ", 100)
	assert.Zero(t, testing.AllocsPerRun(100, func() { _ = Line(text, len(text)) }))
}
