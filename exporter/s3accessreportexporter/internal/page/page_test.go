package page

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var (
	scripts = regexp.MustCompile(`(?s)<script(?: type="module")?>(.*?)</script>`)
	styles  = regexp.MustCompile(`(?s)<style>(.*?)</style>`)
	data    = regexp.MustCompile(`<script type="text/plain" id="data"[^>]*>([^<]*)</script>`)
)

func written(t *testing.T, served bool) string {
	t.Helper()
	p, err := New()
	require.NoError(t, err)
	var b bytes.Buffer
	if served {
		require.NoError(t, p.WriteServed(&b, 17, "0123abc", []byte("the data")))
	} else {
		require.NoError(t, p.WriteFile(&b, []byte("the data")))
	}
	return b.String()
}

func TestThePolicyAllowsThePagesOwnScriptAndStyleOnly(t *testing.T) {
	p, err := New()
	require.NoError(t, err)
	page := written(t, false)
	for kind, elements := range map[string]*regexp.Regexp{"script-src": scripts, "style-src": styles} {
		found := elements.FindAllStringSubmatch(page, -1)
		require.Len(t, found, 1, kind)
		sum := sha256.Sum256([]byte(found[0][1]))
		assert.Contains(t, p.policy, kind+" 'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"';")
	}
	for _, directive := range []string{
		"default-src 'none'", "img-src data: blob:", "connect-src 'none'", "base-uri 'none'", "form-action 'none'",
		"require-trusted-types-for 'script'", "trusted-types default",
	} {
		assert.Contains(t, strings.Split(p.policy, "; "), directive)
	}
	assert.Contains(t, page, `content="`+p.policy+`"`)
	assert.NotRegexp(t, `(?i)<(script|link|img|iframe)[^>]*(src|href)="?https?:`, page, "nothing from elsewhere")
}

func TestTheDataIsInThePage(t *testing.T) {
	for _, served := range []bool{false, true} {
		found := data.FindStringSubmatch(written(t, served))
		require.NotNil(t, found)
		decoded, err := base64.StdEncoding.DecodeString(found[1])
		require.NoError(t, err)
		assert.Equal(t, "the data", string(decoded))
	}
}

func TestAServedPageMayFetchItsDataAndStandsInNoFrame(t *testing.T) {
	p, err := New()
	require.NoError(t, err)
	page := written(t, true)
	assert.Contains(t, page, "connect-src 'self'")
	assert.NotContains(t, page, "connect-src 'none'")
	assert.Contains(t, page, "0123abc")
	assert.Contains(t, p.Policy(), "connect-src 'self'")
	assert.True(t, strings.HasSuffix(p.Policy(), "; frame-ancestors 'none'"))
	for _, place := range []string{placePolicy, placeLive, placeETag, placeData} {
		assert.NotContains(t, page, place)
		assert.NotContains(t, written(t, false), place)
	}
}

func TestATemplateHasEachPlaceOnce(t *testing.T) {
	_, err := parse("__POLICY____LIVE____ETAG____DATA__", "")
	require.NoError(t, err)
	for _, wrong := range []string{"", "__POLICY____LIVE____ETAG__", "__POLICY____LIVE____ETAG____DATA____DATA__"} {
		_, err = parse(wrong, "")
		assert.Error(t, err, wrong)
	}
}
