package accesslog

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/slowreader"
)

func FuzzJSON(f *testing.F) {
	for _, name := range []string{"json.log", "json-malformed.log"} {
		for _, line := range readLines(f, name) {
			f.Add(line)
		}
	}
	for _, text := range []string{
		`{"request_time":"2026-02-06T00:00:38.123Z","operation":"a.b","key_name":"\ud83d\ude00\ud83d\u0041\udc00"}`,
		"{\"request_time\":\"2026-02-06T23:59:60.999Z\",\"operation\":\"a.b\",\"x\xff\":\"\xff\"} \t\r",
		`{"request_time":"2026-02-06T00:00:38.123Z","operation":"a.b","object_size":-0,"x":-0.0e+1}`,
		`{"operation":"\u0061.b","request_t\u0069me":"2026-02-06T00:00:38.123Z","x":[[[[[[[]]]]]]]}`,
		"{}{}", "{} {", "{\"a\":\"}\"}\t{\"b\":{}}", `{"a":01}`, "{\"a\":\"\x1f\"}", `{"a":"\u12g4"}`, `{"a":"\`, `{"a"`, "{",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, line string) {
		checkNext(t, line)
		if isJSON(line) {
			checkJSON(t, line)
		}
	})
}

// checkNext checks that the records of a line are all of it, but for white space
// behind an object.
func checkNext(t *testing.T, line string) {
	t.Helper()
	for rest := line; rest != ""; {
		record, behind := Next(rest, false)
		require.NotEmpty(t, record)
		require.True(t, strings.HasPrefix(rest, record))
		between, ok := strings.CutSuffix(rest[len(record):], behind)
		require.True(t, ok)
		require.True(t, onlyJSONSpace(between))
		if behind != "" {
			require.True(t, json.Valid([]byte(record)), record)
			require.False(t, isJSONSpace(behind[0]))
		}
		rest = behind
	}
}

// checkJSON checks a line that begins with an object against the slow reader.
func checkJSON(t *testing.T, line string) {
	t.Helper()
	var r Record
	err := Parse(line, &r)
	if !strings.Contains(line, `\`) {
		checkParts(t, line, &r)
	}
	want, wanted := slowreader.Read(string(FormatAWS), line)
	if err != nil {
		require.ErrorIs(t, err, ErrMalformed)
		require.LessOrEqual(t, len(r.err.Value), maxErrorValue)
		require.False(t, wanted, "%v\n%s", err, line)
		return
	}
	require.True(t, json.Valid([]byte(line)), line)
	require.True(t, wanted, line)
	require.Equal(t, want, asSlow(&r), line)
}
