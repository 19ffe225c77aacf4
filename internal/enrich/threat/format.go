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

// format is one way in which feeds are written.
type format struct {
	name string
	// detect reports whether a feed that begins like this is of the format.
	detect func(h *head, f *Feed) bool
	// decode reads a whole feed. Bad entries go to sink.skip; an error means
	// that what was read is not all, so none of it is used.
	decode func(r *bufio.Reader, s *sink) error
}

// formats in the order of detection. list takes everything that is text.
var formats = []format{stixFormat, mispFormat, dropFormat, crowdstrikeFormat, csvFormat, listFormat}

// Formats returns the names that Feed.Format may have.
func Formats() []string {
	names := []string{Auto}
	for i := range formats {
		names = append(names, formats[i].name)
	}
	return names
}

// headSize is how much of a feed is read to detect its format, in bytes.
const headSize = 64 << 10

// head is the beginning of a feed, to detect its format.
type head struct {
	text []byte    // the first headSize bytes
	keys []jsonKey // when it is JSON
}

// jsonKey is a name in a JSON object; depth is how many brackets are open.
type jsonKey struct {
	depth int
	name  string
}

// has reports whether one of the names is a key at a depth from least to most.
func (h *head) has(least, most int, names ...string) bool {
	return slices.ContainsFunc(h.keys, func(k jsonKey) bool {
		return k.depth >= least && k.depth <= most && slices.Contains(names, k.name)
	})
}

// decode reads a feed, packed with gzip or not, in its format.
func decode(r io.Reader, s *sink) error {
	br := bufio.NewReaderSize(r, headSize)
	if magic, _ := br.Peek(2); bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		unzipped, err := gzip.NewReader(br)
		if err != nil {
			return fmt.Errorf("%w: broken gzip", ErrFormat)
		}
		// What a few bytes can unpack to is bounded like what is transferred.
		br = bufio.NewReaderSize(&limitedReader{r: unzipped, left: s.feed.maxSize}, headSize)
	}
	if mark, _ := br.Peek(3); string(mark) == "\ufeff" {
		_, _ = br.Discard(3) // they are there
	}
	f, err := formatOf(br, s.feed)
	if err != nil {
		return err
	}
	if err := f.decode(br, s); err != nil {
		return fmt.Errorf("read as %s: %w", f.name, err)
	}
	if s.Entries == 0 {
		return fmt.Errorf("read as %s: %w: %d bad entries, %d that are not for us%s",
			f.name, ErrNothingUsable, s.Skipped, s.Ignored, reasons(s.Reasons))
	}
	s.items = slices.Clip(s.items)
	return nil
}

func reasons(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return "; " + strings.Join(list, "; ")
}

// formatOf returns the format of the settings, or the detected one.
func formatOf(br *bufio.Reader, f *Feed) (*format, error) {
	if f.Format != "" && f.Format != Auto {
		i := slices.IndexFunc(formats, func(known format) bool { return known.name == f.Format })
		return &formats[i], nil // New has checked the name
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
