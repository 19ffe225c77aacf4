package scaling

import (
	"flag"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the tables of docs/scaling.md anew")

func TestThePageHoldsTheTables(t *testing.T) {
	const page = "../../docs/scaling.md"
	text, err := os.ReadFile(page)
	require.NoError(t, err)
	filled, err := Fill(string(text))
	require.NoError(t, err)
	if *update {
		require.NoError(t, os.WriteFile(page, []byte(filled), 0o600))
		return
	}
	assert.Equal(t, filled, string(text), "run go test ./internal/scaling -update")
	for name := range Tables() {
		assert.Contains(t, string(text), "<!-- table: "+name+" -->\n|")
	}
}

func TestFillRefusesWhatItDoesNotKnow(t *testing.T) {
	for _, page := range []string{"<!-- table: what -->\n<!-- end -->", "<!-- table: day -->\n", "<!-- table: day"} {
		_, err := Fill(page)
		assert.Error(t, err, page)
	}
	same, err := Fill("no tables")
	require.NoError(t, err)
	assert.Equal(t, "no tables", same)
}
