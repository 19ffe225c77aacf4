package listing

import (
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestPatternThatNoKeyCanFitIsAWrongSetting(t *testing.T) {
	for _, c := range []struct {
		pattern, prefix string
		fits            bool
	}{
		{`^access/`, "access/", true},
		{`^access/`, "acc", true},
		{`^access/`, "access/web/", true},
		{`^access/`, "logs/", false},
		{`^(?:a|b)/x`, "b/", true},
		{`^(?:a|b)/x`, "c/", false},
		{`^(?:a|b)/x`, "b/y", false},
		{`access/`, "logs/", true},
		{`\.gz$`, "logs/", true},
		{`^logs/.*\.gz$`, "logs/a.gz/b", true},
		{`^logs/a$`, "logs/a/", false},
		{`^[^/]*$`, "logs/", false},
		{`(?i)^LOGS/`, "logs/", true},
		{`^ü`, "ü/", true},
		{``, "logs/", true},
	} {
		set := DefaultConfig()
		set.Name, set.Prefix, set.KeyPattern = "b", c.prefix, c.pattern
		err := set.Validate("bucket")
		if c.fits {
			assert.NoError(t, err, "%q %q", c.pattern, c.prefix)
		} else {
			assert.ErrorContains(t, err, "no key that begins with prefix", "%q %q", c.pattern, c.prefix)
		}
	}
	set := DefaultConfig()
	set.Name, set.KeyPattern = "b", "("
	assert.ErrorContains(t, set.Validate("bucket"), "`bucket::key_pattern` is \"(\": error parsing regexp")
}

// If a key fits, each of its beginnings can.
func TestAPrefixOfAKeyThatFitsCanFit(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	parts := []string{"^", "$", "a", "b", "/", ".", "a*", "(a|b)", "[^/]", "[^/]*", "(?:ab)+", "(?:a*)*", "(?:|b)+", "(?:(?:a|)+b*)*", `\b`, "b?", "(?:^a|b$)"}
	fitted := 0
	for range 20_000 {
		var text, key strings.Builder
		for range 1 + rnd.IntN(6) {
			text.WriteString(parts[rnd.IntN(len(parts))])
		}
		for range rnd.IntN(8) {
			key.WriteByte("ab/"[rnd.IntN(3)])
		}
		p, err := compilePattern(text.String())
		if err != nil || !regexp.MustCompile(text.String()).MatchString(key.String()) {
			continue
		}
		fitted++
		for n := range key.Len() + 1 {
			require.True(t, p.canFit(key.String()[:n]), "%s fits %q", text.String(), key.String())
		}
	}
	assert.Greater(t, fitted, 5000)
}

func TestOnlyWhatThePatternFitsIsRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(1000 * fullDay)
		var asked *[]string
		r := newRig(t, func(s *settings) {
			from("earliest")(s)
			asked = looks(s)
			s.KeyPattern = `^p/(?:web|vended|111122223333/eu-west-1/bucket-a)/`
		})
		want := []string{
			"p/web/" + stamped(time.Now(), 1), eventKey(partA, time.Now(), 2),
			"p/vended/" + dayPath("2006/01/02/", time.Now()) + "log3",
		}
		for _, key := range append(want, simpleKey(time.Now(), 4), eventKey(partB, time.Now(), 5), "p/other/"+stamped(time.Now(), 6),
			"p/trail/"+dayPath("2006/01/02/", time.Now())+"x", "p/README") {
			r.put(key, time.Now())
		}
		assert.Equal(t, sorted(want), sorted(r.during(t, time.Hour)))
		assert.Len(t, *asked, 1)
		assert.Empty(t, r.skipped, "what does not fit is not said to be no log object")
		for _, in := range r.requests() {
			assert.NotContains(t, in.Prefix, "other", "nor searched")
			assert.NotContains(t, in.Prefix, "bucket-b")
		}
	})
}
