package threat

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRowsOfCSV(t *testing.T) {
	for name, c := range map[string]struct {
		rows, want string
		reasons    []string
	}{
		"quotes in a field without":   {"192.0.2.1,the \"old\" one,x", `192.0.2.1/32 the "old" one`, nil},
		"doubled quotes":              {`192.0.2.1,"the ""old"", one",x`, `192.0.2.1/32 the "old", one`, nil},
		"spaces around":               {"  192.0.2.1 ,  \"one\",  x  ", "192.0.2.1/32 one", nil},
		"spaces behind a last quote":  {"192.0.2.1,one,\"x\"  \n192.0.2.2,two,x\n", "192.0.2.1/32 one|192.0.2.2/32 two", nil},
		"carriage returns":            {"192.0.2.1,\"a\r\nb\",x\r\n192.0.2.2,two,x\r\n", "192.0.2.1/32 a\nb|192.0.2.2/32 two", nil},
		"no end of the last line":     {`192.0.2.1,one,"x"`, "192.0.2.1/32 one", nil},
		"comments and blank lines":    {"\n# none\n  # none\n192.0.2.1,one\n\n", "192.0.2.1/32 one", nil},
		"no comment inside a row":     {"192.0.2.1,\"a\n# b\n\nc\"\n", "192.0.2.1/32 a\n# b\n\nc", nil},
		"a row of 32 lines":           {"192.0.2.1,\"a" + strings.Repeat("\n", 31) + "b\"\n", "192.0.2.1/32 a" + strings.Repeat("\n", 31) + "b", nil},
		"a row of more lines":         {"192.0.2.1,\"a" + strings.Repeat("\nx", 32) + "\n192.0.2.2,two", "192.0.2.2/32 two", []string{"line 2: a quote that is not closed", `line 34: neither an address, a prefix nor a range: "x"`}},
		"a quote open at the end":     {"192.0.2.1,one\n192.0.2.2,\"a\n\n", "192.0.2.1/32 one", []string{"line 3: a quote that is not closed"}},
		"a row of 64 KiB":             {"192.0.2.1,one," + strings.Repeat("x", maxLine-15) + "\n192.0.2.2,two", "192.0.2.1/32 one|192.0.2.2/32 two", nil},
		"a longer row":                {"192.0.2.1,one," + strings.Repeat("x", maxLine-14) + "\n192.0.2.2,two", "192.0.2.2/32 two", []string{"line 2: line longer than 64 KiB"}},
		"a longer row of short lines": {"192.0.2.1,one,\"" + strings.Repeat(strings.Repeat("x", maxLine/2)+"\n", 2) + "192.0.2.2,two", "192.0.2.2/32 two", []string{"line 2: line longer than 64 KiB"}},
		"a long comment":              {"#" + strings.Repeat("x", 2*maxLine) + "\n192.0.2.1,one", "192.0.2.1/32 one", nil},
	} {
		t.Run(name, func(t *testing.T) {
			f := testFeed()
			f.Format = csvFormat.name
			l, err := decodeText(f, []byte("ip,comment,rest\n"+c.rows))
			require.NoError(t, err)
			var got []string
			for _, it := range l.items {
				got = append(got, it.prefix.String()+" "+it.detail.description)
			}
			assert.Equal(t, c.want, strings.Join(got, "|"))
			assert.Equal(t, c.reasons, l.Reasons)
		})
	}
}

func TestEmptyFieldsBetweenTabsAreFields(t *testing.T) {
	l, err := decodeText(testFeed(), []byte("actor\tmalware\tip\nONE\t\t192.0.2.1\nTWO\tBot\t192.0.2.2\n"))
	require.NoError(t, err)
	require.Equal(t, "192.0.2.1/32 192.0.2.2/32", itemsOf(l))
	assert.Equal(t, []string{"ONE", "", "TWO", "Bot"}, []string{
		l.items[0].detail.actor, l.items[0].detail.software, l.items[1].detail.actor, l.items[1].detail.software,
	})
}
