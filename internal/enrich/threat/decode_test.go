package threat

import (
	"bytes"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestFeedThatIsRefused(t *testing.T) {
	deep := `[{"indicator": ` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `}]`
	for name, c := range map[string]struct {
		content string
		want    error
	}{
		"empty":                 {"", ErrNothingUsable},
		"blank":                 {" \n\t\n", ErrNothingUsable},
		"web page":              {"<!DOCTYPE html><html>Sign in</html>", ErrFormat},
		"binary":                {"\x7fELF\x00\x00", ErrFormat},
		"other json":            {`{"status": "ok"}`, ErrFormat},
		"comments alone":        {"# nothing\n; here\n", ErrNothingUsable},
		"words":                 {"access denied\n", ErrNothingUsable},
		"private alone":         {"10.0.0.1\n192.168.0.0/16\n", ErrNothingUsable},
		"bundle of nothing":     {`{"type": "bundle", "objects": []}`, ErrNothingUsable},
		"bundle cut in two":     {`{"type": "bundle", "objects": [{"type": "indicator",`, nil},
		"broken in the middle":  {`{"resources": [{"indicator": "192.0.2.1"}, {"indicator": }]}`, nil},
		"too deep":              {deep, errTooDeep},
		"too deep to skip":      {`{"objects": [], "x": ` + strings.Repeat("[", 100), errTooDeep},
		"gzip that is none":     {"\x1f\x8bnot gzip", ErrFormat},
		"misp without anything": {`{"Event": {"Attribute": "none"}}`, ErrNothingUsable},
		"objects that are none": {`{"Event": {"Attribute": [], "Object": ["x"]}}`, errNotObject},
	} {
		_, err := decodeText(testFeed(), []byte(c.content))
		require.Error(t, err, name)
		if c.want != nil {
			assert.ErrorIs(t, err, c.want, name)
		}
	}
}

func TestReasonsOfARefusedFeed(t *testing.T) {
	_, err := decodeText(testFeed(), []byte("10.0.0.1\nnonsense\n"))
	assert.ErrorContains(t, err, `line 1: a private`)
	assert.ErrorContains(t, err, `line 2: neither an address, a prefix nor a range: "nonsense"`)
}

func TestOnlyTheFirstReasonsAreKept(t *testing.T) {
	l, err := decodeText(testFeed(), []byte(strings.Repeat("bad\n", 100)+"192.0.2.1\n"))
	require.NoError(t, err)
	assert.Equal(t, 100, l.Skipped)
	assert.Len(t, l.Reasons, maxReasons)
}

func TestLongLineIsOneBadEntry(t *testing.T) {
	for _, length := range []int{maxLine + 1, headSize, 5 * headSize} {
		l, err := decodeText(testFeed(), []byte("192.0.2.1\n"+strings.Repeat("x", length)+"\n192.0.2.2"))
		require.NoError(t, err)
		assert.Equal(t, "192.0.2.1/32 192.0.2.2/32", itemsOf(l))
		assert.Equal(t, 1, l.Skipped)
	}
	l, err := decodeText(testFeed(), []byte("192.0.2.1 #"+strings.Repeat("x", headSize+100)))
	require.Error(t, err, "the only line is too long")
	assert.Equal(t, 1, l.Skipped)
}

func TestFeedLargerThanTheLimit(t *testing.T) {
	f := testFeed()
	f.maxSize = 1000
	big := bytes.Repeat([]byte("192.0.2.1\n"), 101)
	_, err := decodeText(f, big)
	require.ErrorIs(t, err, ErrTooLarge)
	_, err = decodeText(f, zip(t, big))
	require.ErrorIs(t, err, ErrTooLarge, "what it unpacks to counts")
	_, err = decodeText(f, big[:1000])
	assert.NoError(t, err)
}

func TestFormatThatIsNamedIsNotGuessed(t *testing.T) {
	f := testFeed()
	f.Format = stixFormat.name
	_, err := decodeText(f, []byte("192.0.2.1\n"))
	assert.Error(t, err)
}

func TestColumnThatIsNotThere(t *testing.T) {
	f := testFeed()
	f.Format, f.CSV = csvFormat.name, Columns{Confidence: "score"}
	_, err := decodeText(f, []byte("ip,trust\n192.0.2.1,5\n"))
	require.ErrorContains(t, err, `no column "score", which csv names; there are: ip,trust`)
	f.CSV = Columns{Indicator: "addr"}
	_, err = decodeText(f, []byte("ip,trust\n192.0.2.1,5\n"))
	require.ErrorContains(t, err, `no header line with the column "addr" of csv::indicator`)
	f.CSV = Columns{}
	_, err = decodeText(f, []byte("a,b\n192.0.2.1,5\n"))
	assert.ErrorIs(t, err, errNoHeader)
}

func TestQuoteThatIsNotClosed(t *testing.T) {
	f := testFeed()
	f.Format = csvFormat.name
	l, err := decodeText(f, []byte("ip,comment\n192.0.2.1,fine\n192.0.2.2,\"open\n"))
	require.NoError(t, err)
	assert.Equal(t, "192.0.2.1/32", itemsOf(l))
	assert.Equal(t, []string{"line 3: a quote that is not closed"}, l.Reasons)
}

func TestEntriesAreLimited(t *testing.T) {
	for distinct, tooMany := range map[int]bool{9000: false, 9001: true, 20_000: true} {
		s := newSink(testFeed(), 0, 0, newTextRoom(1))
		s.most = 9000
		var err error
		for i := range 50_000 {
			if err == nil {
				err = s.add(i, netip.AddrFrom4([4]byte{198, 51, byte(i % distinct >> 8), byte(i % distinct)}).String(), detail{}, validity{})
			}
		}
		if err == nil {
			err = s.finish()
		}
		if tooMany {
			require.ErrorIs(t, err, errTooMany, distinct)
		} else {
			require.NoError(t, err, distinct)
			assert.Equal(t, distinct, s.Entries)
		}
	}
}

func TestDetailsAreShared(t *testing.T) {
	var b strings.Builder
	b.WriteString("ip,actor,confidence\n")
	for i := range 1000 {
		fmt.Fprintf(&b, "203.0.113.%d,ACTOR %d,50\n", i%256, i%2)
	}
	l, err := decodeText(testFeed(), []byte(b.String()))
	require.NoError(t, err)
	distinct := map[*detail]bool{}
	for _, it := range l.items {
		distinct[it.detail] = true
	}
	assert.Len(t, distinct, 2)
}
