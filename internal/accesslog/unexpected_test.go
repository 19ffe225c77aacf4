package accesslog

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// tomorrow are values that fields of the tail do not have today.
var tomorrow = map[Field][]string{
	FieldSignatureVersion: {"SigV5", "SigV4B", "sigv4", "None", "x.y_z-1"},
	FieldCipherSuite:      {"TLS_A+B", "with.dots", "UNKNOWN(0x1303)", strings.Repeat("C-", 30), "Yes?"},
	FieldAuthType:         {"Session", "authheader", "Express-1", "Yes"},
	FieldTLSVersion:       {"QUIC", "DTLS1.3", "SSLv3", "h3"},
	FieldAccessPointARN:   {"fsap-0123", "ARN:aws:s3", "10.0.0.1", "No", "eu/west"},
	FieldACLRequired:      {"No", "yes", "YES", "Maybe", "1", "arn:aws:s3:::x", "eu_west"},
	FieldSourceRegion:     {"eu_west", "EU-WEST-1", "us.east", "Yes", "local*", "é"},
}

// wide draws a value that the field does not have today from nearly all bytes.
func wide(rng *rand.Rand, field Field) string {
	for {
		b := make([]byte, 1+rng.IntN(40))
		for i := range b {
			if b[i] = byte(0x21 + rng.IntN(0xff-0x21)); rng.IntN(2) == 0 {
				b[i] = "aZ09.-_/+="[rng.IntN(10)]
			}
		}
		if v := string(b); isTomorrows(field, v) {
			return v
		}
	}
}

// isTomorrows reports whether a field of the tail may have this value and has it
// not today. No text of another field is one.
func isTomorrows(field Field, v string) bool {
	row := &tailTable[field-FieldVersionID]
	return v != "" && v != "-" && !strings.ContainsAny(v, ` "`) && row.known != nil && !row.known(v) && !isAnchor(v) && !isRegionName(v) &&
		(!row.anchor || isUnknownWord(v)) && !looksLikeHostID(v)
}

// withUnexpected returns the record that line has with these values, given the
// one without them.
func withUnexpected(r Record, values map[Field]string) Record {
	for field, v := range values {
		r.Unexpected.add(field)
		switch field {
		case FieldSignatureVersion:
			r.SignatureVersion = v
		case FieldCipherSuite:
			r.CipherSuite = v
		case FieldAuthType:
			r.AuthType = v
		case FieldTLSVersion:
			r.TLSVersion = v
		case FieldAccessPointARN:
			r.AccessPointARN = v
		case FieldACLRequired:
			r.ACLRequired, r.UnexpectedACL = ACLUnknown, v
		case FieldSourceRegion:
			r.SourceRegion = v
		}
	}
	return r
}

// hasOtherAnchor reports whether l has a known anchor beside the field.
func hasOtherAnchor(l logged, field Field) bool {
	for f := FieldVersionID; f <= lastField; f++ {
		if anchors.Has(f) && f != field && l[f] != "-" {
			return true
		}
	}
	return false
}

func TestUnexpectedValueIsKept(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, record := range hostileRecords {
		for _, fields := range ages[1:] {
			for field, values := range tomorrow {
				if field > fields || anchors.Has(field) && !hasOtherAnchor(record(), field) {
					continue
				}
				for range 50 {
					values = append(values, wide(rng, field))
				}
				for _, v := range values {
					line := record().with(field, v).line(fields)
					want := withUnexpected(mustParse(t, record().line(fields)), map[Field]string{field: v})
					require.Equal(t, want, mustParse(t, line), line)
				}
			}
		}
	}
}

func TestUnexpectedValuesAreKeptWhereTheyAnchorNothing(t *testing.T) {
	values := map[Field]string{FieldCipherSuite: "TLS_A+B", FieldAccessPointARN: "fsap-1", FieldACLRequired: "No", FieldSourceRegion: "eu_west", FieldTLSVersion: "QUIC"}
	l := signed()
	for field, v := range values {
		l = l.with(field, v)
	}
	require.Equal(t, withUnexpected(mustParse(t, signed().line(FieldSourceRegion)), values), mustParse(t, l.line(FieldSourceRegion)))
}

func TestNewAnchorNeedsOthers(t *testing.T) {
	for name, line := range map[string]string{
		"another new one":      signed().with(FieldSignatureVersion, "SigV5").with(FieldAuthType, "Session").line(FieldSourceRegion),
		"no known one":         plain().with(FieldSignatureVersion, "SigV5").line(FieldSourceRegion),
		"a Host Id":            signed().with(FieldSignatureVersion, "SigV5").with(FieldHostID, "x").line(FieldSourceRegion),
		"no more fields":       signed().with(FieldSignatureVersion, "SigV5").line(FieldSourceRegion) + " new-field",
		"a word":               signed().with(FieldSignatureVersion, "5SigV").line(FieldSourceRegion),
		"a word of 32 letters": signed().with(FieldSignatureVersion, strings.Repeat("S", 33)).line(FieldSourceRegion),
	} {
		var r Record
		require.ErrorIs(t, Parse(line, &r), ErrMalformed, name)
		require.NotEqual(t, ReasonAmbiguous, r.err.Reason, name)
	}
}

// The property of this package: with one or two unexpected values in the true
// tail, and a client's text anywhere, no other field is ever another.
func TestClientTextBesideUnexpectedValues(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	forgeries := 100_000
	if raceEnabled {
		forgeries /= 10
	}
	for range forgeries {
		clean := hostileRecords[rng.IntN(len(hostileRecords))]()
		fields := ages[rng.IntN(len(ages))]
		values := map[Field]string{}
		for range 1 + rng.IntN(2) {
			field := FieldSignatureVersion + Field(rng.IntN(int(lastField-FieldSignatureVersion)+1))
			if field > fields || tomorrow[field] == nil {
				continue
			}
			values[field] = wide(rng, field)
			if rng.IntN(2) == 0 {
				values[field] = tomorrow[field][rng.IntN(len(tomorrow[field]))]
			}
		}
		field := clientFields[rng.IntN(len(clientFields))]
		checkForgeryBeside(t, clean, fields, values, field, hostileText(rng))
	}
}

// hostileText returns one of hostileTexts, or several, or made of their words.
func hostileText(rng *rand.Rand) string {
	text := hostileTexts[rng.IntN(len(hostileTexts))]
	switch rng.IntN(3) {
	case 0:
		text += hostileTexts[rng.IntN(len(hostileTexts))]
	case 1:
		words := []string{
			"-", "v", "h", testHostID, "SigV4", "SigV5", "AuthHeader", "Session", "TLSv1.2", "QUIC", "Yes", "No", "us-east-1", "eu_west",
			"arn:aws:s3:::x", "c", `x"`, `"`, `"x`, "AIDAEXAMPLEEXAMPLE123", "200", "1", "HTTP/1.1\"",
		}
		picked := make([]string, 1+rng.IntN(16))
		for i := range picked {
			picked[i] = words[rng.IntN(len(words))]
		}
		text = strings.Join(picked, " ")
	}
	return text
}

// checkForgeryBeside is checkForgery for a record with unexpected values.
func checkForgeryBeside(t *testing.T, clean logged, fields Field, values map[Field]string, field Field, text string) {
	t.Helper()
	var want Record
	require.NoError(t, Parse(clean.line(fields), &want))
	want = withUnexpected(want, values)
	for f, v := range values {
		clean = clean.with(f, v)
	}
	checkForgeryOf(t, &want, clean, fields, field, text)
}

func FuzzTail(f *testing.F) {
	i := 0
	for field, values := range tomorrow {
		for _, v := range values {
			f.Add(uint8(i%len(hostileRecords)), uint8(i%len(ages)), uint8(field), v, uint8(i%len(clientFields)), hostileTexts[i%len(hostileTexts)])
			i++
		}
	}
	f.Fuzz(func(t *testing.T, record, age, unexpected uint8, v string, field uint8, text string) {
		values := map[Field]string{}
		fields := ages[int(age)%len(ages)]
		if u := Field(unexpected); tomorrow[u] != nil && u <= fields && isTomorrows(u, v) {
			values[u] = v
		}
		checkForgeryBeside(t, hostileRecords[int(record)%len(hostileRecords)](), fields, values, clientFields[int(field)%len(clientFields)], text)
	})
}
