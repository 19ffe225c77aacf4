package accesslog

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// obsLine returns a record of FormatOBS with these words for Referer, User-Agent
// and what follows.
func obsLine(referer, agent, behind string) string {
	return `787f2f92b20943998a4fe2ab75eb09b8 bucket [13/Aug/2015:01:43:42 +0000] 192.0.2.1 787f2f92b20943998a4fe2ab75eb09b8 ` +
		`281599BACAD9376ECE141B842B94535B  REST.GET.BUCKET.LOCATION - "GET /bucket?location HTTP/1.1" 200 - 211 - 6 6 ` +
		referer + "  " + agent + " " + behind
}

func TestEmptyQuotesAreAbsentInOBS(t *testing.T) {
	for _, empty := range []string{"-", `"-"`, `""`} {
		var r Record
		require.NoError(t, FormatOBS.Parse(obsLine(empty, empty, "- -"), &r))
		assert.Empty(t, r.Referer, empty)
		assert.Empty(t, r.UserAgent, empty)
	}
}

func TestRefererMayHaveTwoSpacesInOBS(t *testing.T) {
	var r Record
	require.NoError(t, FormatOBS.Parse(obsLine(`"a  b"`, `"x  "y""`, "v -"), &r))
	assert.Equal(t, []string{"a  b", `x  "y"`, "v", "-"}, []string{r.Referer, r.UserAgent, r.VersionID, r.Extra})
	// The quotes are the client's and what follows them is no Version Id.
	require.ErrorIs(t, FormatOBS.Parse(obsLine(`"a  - forged"`, `"x"`, "v -"), &r), ErrMalformed)
}

func TestUserAgentIsInQuotesOrADashInOBS(t *testing.T) {
	for _, agent := range []string{`"-`, `"x-`, `"`, `x"`, "x", "--"} {
		var r Record
		require.ErrorIs(t, FormatOBS.Parse(obsLine(`"r"`, agent, "v -"), &r), ErrMalformed, agent)
		require.ErrorIs(t, FormatOBS.Parse(obsLine("-", agent, "v -"), &r), ErrMalformed, agent)
	}
}
