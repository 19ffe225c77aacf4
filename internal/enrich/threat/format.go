package threat

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Errors of a feed as a whole.
var (
	ErrFormat        = errors.New("not a format of threat feeds that is known")
	ErrNothingUsable = errors.New("nothing in it can be used")
)

// Auto detects the format.
const Auto = "auto"

// format is a file format of feeds.
type format struct {
	name string
	// detect reports whether a feed with this head has the format.
	detect func(h *head, f *Feed) bool
	// decode reads a whole feed. Invalid entries go to sink.skip; an error means
	// that the feed was read incompletely, so none of it is used.
	decode func(r *bufio.Reader, s *sink) error
}

// formats are in the order of detection. list accepts any text.
var formats = []format{stixFormat, mispFormat, dropFormat, crowdstrikeFormat, csvFormat, listFormat}

// Formats returns the valid values of Feed.Format.
func Formats() []string {
	names := []string{Auto}
	for i := range formats {
		names = append(names, formats[i].name)
	}
	return names
}

// headSize is the number of bytes that are read to detect a format.
const headSize = 64 << 10

// head is the beginning of a feed, from which its format is detected.
type head struct {
	text []byte    // the first headSize bytes
	keys []jsonKey // of JSON; nil for other text
}

// jsonKey is a name in a JSON object; depth is the number of open brackets.
type jsonKey struct {
	depth int
	name  string
}

// has reports whether one of the names is a key at a depth between least and most.
func (h *head) has(least, most int, names ...string) bool {
	return slices.ContainsFunc(h.keys, func(k jsonKey) bool {
		return k.depth >= least && k.depth <= most && slices.Contains(names, k.name)
	})
}

// decode reads a feed, which may be compressed with gzip, in its format.
func decode(r io.Reader, s *sink) error {
	br := bufio.NewReaderSize(r, headSize)
	if magic, _ := br.Peek(2); bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		unzipped, err := gzip.NewReader(br)
		if err != nil {
			return fmt.Errorf("%w: broken gzip", ErrFormat)
		}
		// The limit on the transferred size also applies after decompression.
		br = bufio.NewReaderSize(&limitedReader{r: unzipped, left: s.feed.maxSize}, headSize)
	}
	if mark, _ := br.Peek(3); string(mark) == "\ufeff" {
		_, _ = br.Discard(3) // cannot fail: the bytes are buffered
	}
	f, err := formatOf(br, s.feed)
	if err != nil {
		return err
	}
	if err := f.decode(br, s); err != nil {
		return fmt.Errorf("read as %s: %w", f.name, err)
	}
	if err := s.finish(); err != nil {
		return fmt.Errorf("read as %s: %w", f.name, err)
	}
	if s.Entries == 0 {
		return fmt.Errorf("read as %s: %w: %d bad entries, %d that are not for us%s",
			f.name, ErrNothingUsable, s.Skipped, s.Ignored, reasons(s.Reasons))
	}
	return nil
}

func reasons(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return "; " + strings.Join(list, "; ")
}

// formatOf returns the configured format, or the detected one.
func formatOf(br *bufio.Reader, f *Feed) (*format, error) {
	if f.Format != "" && f.Format != Auto {
		i := slices.IndexFunc(formats, func(known format) bool { return known.name == f.Format })
		return &formats[i], nil // New validates the name
	}
	text, err := br.Peek(headSize)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	h := &head{text: text}
	switch start := bytes.TrimLeft(text, " \t\r\n"); {
	case len(start) == 0:
		return nil, fmt.Errorf("%w: it is empty", ErrNothingUsable)
	case start[0] == '<':
		return nil, fmt.Errorf("%w: it is a web page or XML", ErrFormat)
	case start[0] == '{' || start[0] == '[':
		h.keys = scanKeys(start)
	case bytes.IndexByte(text, 0) >= 0:
		return nil, fmt.Errorf("%w: it is not text", ErrFormat)
	}
	for i := range formats {
		if formats[i].detect(h, f) {
			return &formats[i], nil
		}
	}
	return nil, fmt.Errorf("%w: JSON, but of none of the known kinds", ErrFormat)
}
