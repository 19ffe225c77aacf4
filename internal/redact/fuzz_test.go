package redact

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/accesslog"
)

// secret has a letter that nothing else in the texts of the tests has.
const secret = "sQecretQ"

// clean takes the secret's letter out of text.
func clean(text string) string { return strings.ReplaceAll(text, "Q", "") }

// encode percent-encodes some of text, each character as often as how's next byte
// says, none more than most times. Of how it takes one bit for the case.
func encode(text string, how []byte, most int) string {
	const upper, lower = "0123456789ABCDEF", "0123456789abcdef"
	var out strings.Builder
	for i := range len(text) {
		if len(how) == 0 {
			out.WriteString(text[i:])
			break
		}
		bits := how[i%len(how)]
		digits, c := upper, text[i]
		if bits&0x80 != 0 {
			digits = lower
		}
		if bits&0x40 != 0 && isNameChar(c) && c >= 'A' {
			c ^= 0x20 // the other case
			if !isNameChar(c) {
				c ^= 0x20
			}
		}
		times := int(bits&0x3f) % (most + 1)
		if times == 0 {
			out.WriteByte(c)
			continue
		}
		out.WriteString("%" + strings.Repeat("25", times-1) + string([]byte{digits[c>>4], digits[c&15]}))
	}
	return out.String()
}

// check holds for every text.
func check(t testing.TB, r *Redactor, text string, rule Rule) string {
	t.Helper()
	once := r.Redact(text, rule)
	require.Equal(t, reference(text, rule), once, "%q by %d", text, rule)
	require.Equal(t, once, r.Redact(once, rule), "%q by %d, redacted twice", text, rule)
	require.Equal(t, strings.Count(text, "&"), strings.Count(once, "&"), "%q by %d", text, rule)
	if text != once {
		require.Contains(t, once, Replacement)
		require.True(t, MayHold(text))
		require.True(t, r.LineMayHold("a "+text+" b"), "%q by %d", text, rule)
	}
	for _, operation := range []string{"REST.GET.OBJECT", "BATCH.DELETE.OBJECT"} {
		if key, needed := accesslog.AppendKey(nil, operation, text); needed && r.Redact(string(key), rule) != string(key) {
			require.True(t, r.LineMayHold(text), "%q by %d, decoded", text, rule)
		}
	}
	return once
}

func FuzzRedact(f *testing.F) {
	f.Add("/k?a=b&", uint8(1), []byte{0}, "&x=y")
	f.Add("", uint8(5), []byte{1, 0x81}, "")
	f.Add("u=https://h/k?", uint8(0x15), []byte{2, 2, 0x42}, "")
	f.Add("u=https%3a%2F%2Fh%3f", uint8(0x25), []byte{3}, "%26x")
	f.Add(`\u0026sig=a`, uint8(0x32), []byte{0, 1, 2, 3}, `" "`)
	f.Add("AWS4-HMAC-SHA256 Credential=a, ", uint8(4), []byte{}, ", x")
	f.Add("sv=1&se=2", uint8(5), []byte{0x40}, "%%33D%2")
	names, separators := DefaultNames(), "?&;#"
	r := New(names)
	f.Fuzz(func(t *testing.T, before string, which uint8, how []byte, after string) {
		before, after = clean(before), clean(after)
		if len(before)+len(after) > 1<<10 {
			t.Skip("the reference is slow")
		}
		name, separator := names[int(which&0xf)%len(names)], separators[which>>4&3]
		text := before + encode(string(separator)+name+"=", how, 3) + secret + after
		for rule := range Never {
			once := check(t, r, text, rule)
			if rule != Path || !isShort(strings.ToLower(name)) {
				require.NotContains(t, once, "Q", "%q by %d", text, rule)
			}
			check(t, r, before+after, rule)
		}
	})
}

// What random texts of the parts that matter give is what the reference gives.
func TestRedactIsAsTheReferenceHasIt(t *testing.T) {
	parts := []string{
		"sig", "Signature", "X-Amz-Signature", "x-amz-CREDENTIAL", "AWSAccessKeyId", "Credential", "sv", "se", "x", "my", "AWS4", `\u0026`, "\xff", "é",
		"=", "=", "=", "?", "&", ";", "#", "/", " ", `"`, "-", "%", "%2", "%25", "%3D", "%26", "%3", "D", "5", "REDACTED", "secret",
		"?sig=", "&X-Amz-Signature=", ";signature=", "#AWSAccessKeyId=", "&sv=1&se=2", "AWS4 Credential=",
	}
	random := rand.New(rand.NewPCG(1, 2))
	r := New(DefaultNames())
	changed := 0
	for range 20_000 {
		var text string
		for range 1 + random.IntN(14) {
			part := parts[random.IntN(len(parts))]
			if random.IntN(3) == 0 {
				part = encode(part, []byte{byte(random.Uint32()), byte(random.Uint32())}, 5)
			}
			text += part
		}
		rule := Rule(random.IntN(int(Never)))
		if check(t, r, text, rule) != text {
			changed++
		}
	}
	assert.Greater(t, changed, 2000, "texts with a secret")
}

// What has no sensitive name stays as it is.
func TestRedactHidesNoMoreThanSecrets(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	r := New(DefaultNames())
	const letters = "abcxyzAMZ0159-._~?&;#=%=%&/ \"\\é\xff"
	for range 20_000 {
		text := make([]byte, random.IntN(60))
		for i := range text {
			text[i] = letters[random.IntN(len(letters))] // no 's', 'g' or 't'
		}
		for rule := range Never {
			require.Equal(t, string(text), r.Redact(string(text), rule))
		}
	}
}
