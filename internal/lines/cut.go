package lines

import (
	"strings"

	"github.com/zeebo/xxh3"
)

// ID identifies a line by its content: XXH3-128, big-endian.
type ID [16]byte

// Identify returns the ID of a line without its line ending.
func Identify(line string) ID { return xxh3.HashString128(line).Bytes() }

// Cut splits the first line off text, without its "\n" or "\r\n". A line that
// ends with the text has no ending; a "\r" at its end then belongs to it.
func Cut(text string) (line, rest string) {
	end := strings.IndexByte(text, '\n')
	if end < 0 {
		return text, ""
	}
	rest = text[end+1:]
	if end > 0 && text[end-1] == '\r' {
		end--
	}
	return text[:end], rest
}
