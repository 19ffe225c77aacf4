package s3io

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestContentRanges(t *testing.T) {
	for text, want := range map[string][2]int64{
		"bytes 5-9/100":                 {5, 100},
		"bytes 0-0/1":                   {0, 1},
		"bytes 5-9/*":                   {5, -1},
		"bytes 5-9/9":                   {-1, -1},
		"bytes 9-5/100":                 {-1, -1},
		"bytes */100":                   {-1, -1},
		"bytes 5-/100":                  {-1, -1},
		"bytes 5-9":                     {-1, -1},
		"bytes +5-9/100":                {-1, -1},
		"5-9/100":                       {-1, -1},
		"bytes 5-99999999999999999999/": {-1, -1},
	} {
		offset, total := parseContentRange(text)
		assert.Equal(t, want, [2]int64{offset, total}, text)
	}
}

func FuzzContentRange(f *testing.F) {
	f.Add("bytes 5-9/100")
	f.Add("bytes 5-9/*")
	f.Add("bytes */100")
	f.Fuzz(func(t *testing.T, text string) {
		offset, total := parseContentRange(text)
		if offset < 0 {
			assert.Equal(t, int64(-1), total)
			return
		}
		assert.True(t, total < 0 || total > offset)
		if offset == math.MaxInt64 {
			return
		}
		again, same := parseContentRange(fmt.Sprintf("bytes %d-%d/%d", offset, offset, max(total, offset+1)))
		assert.Equal(t, offset, again)
		assert.Equal(t, max(total, offset+1), same)
	})
}
