package accesslog

import (
	"strings"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func FuzzParse(f *testing.F) {
	for _, name := range []string{"vendor-doc-sample.log", "aws-doc-examples.log", "quirks.log", "hostile.log", "unexpected.log", "malformed.log", "hostile-malformed.log"} {
		for _, line := range readLines(f, name) {
			f.Add(line)
		}
	}
	f.Fuzz(func(t *testing.T, line string) {
		if isJSON(line) {
			checkJSON(t, line)
			return
		}
		var r Record
		err := Parse(line, &r)
		checkParts(t, line, &r)
		if err != nil {
			require.ErrorIs(t, err, ErrMalformed)
			require.NotEmpty(t, err.Error())
			require.LessOrEqual(t, len(r.err.Value), maxErrorValue)
		} else {
			checkRecord(t, line, &r)
		}
		if at := NextJoined(line); at >= 0 {
			require.Positive(t, at)
			require.Equal(t, byte(' '), line[at])
			var next Record
			_ = Parse(line[at+1:], &next)
			require.Len(t, next.Owner, ownerLength)
		}
	})
}

// checkParts checks that every string of r is a part of line.
func checkParts(t *testing.T, line string, r *Record) {
	t.Helper()
	start := uintptr(unsafe.Pointer(unsafe.StringData(line)))
	texts := []string{
		r.Owner, r.Bucket, r.RemoteIP, r.Requester, r.RequestID, r.Operation, r.Key, r.Method, r.Target, r.Version,
		r.ErrorCode, r.Referer, r.UserAgent, r.VersionID, r.HostID, r.SignatureVersion, r.CipherSuite, r.AuthType,
		r.HostHeader, r.TLSVersion, r.AccessPointARN, r.SourceRegion, r.Extra, r.err.Value,
	}
	for _, member := range r.Members {
		texts = append(texts, member.Name, member.Value)
	}
	for _, s := range texts {
		at := uintptr(unsafe.Pointer(unsafe.StringData(s)))
		if s != "" && (at < start || at+uintptr(len(s)) > start+uintptr(len(line))) {
			t.Fatalf("%q is no part of the line", s)
		}
	}
}

// checkRecord checks what holds for every record.
func checkRecord(t *testing.T, line string, r *Record) {
	t.Helper()
	assert.NotContains(t, r.Owner+r.Bucket, "[")
	assert.NotContains(t, r.RequestID+r.Operation+r.Key+r.Method+r.Target, " ")
	assert.GreaterOrEqual(t, r.Time, int64(0))
	assert.Contains(t, []int{18, 24, 25, 26, 27, int(lastField)}, min(r.Fields, int(lastField)))
	assert.Equal(t, r.Fields > int(lastField), r.Extra != "")

	// AWS adds fields to the end; they change nothing before them. But a single
	// field behind a quoted one is a Version Id, behind a User-Agent that holds a
	// tail.
	if strings.Contains(r.Extra, `"`) {
		return
	}
	var longer Record
	if err := Parse(strings.TrimRight(line, " ")+" new-field", &longer); r.Fields >= int(lastField) {
		if err != nil {
			// A new anchor has to be in a record of the fields that are known.
			require.True(t, longer.err.Reason == ReasonAmbiguous || r.Unexpected&anchors != 0, err)
			return
		}
		want := *r
		want.Fields++
		want.Extra = strings.TrimPrefix(r.Extra+" new-field", " ")
		require.Equal(t, want, longer)
	}
}

func FuzzAppendKey(f *testing.F) {
	for _, key := range []string{"", "a", "a%2520b", "a%20b", "a+b", "100%25", "%", "%4", "%zz", "%2541", "%25zz", "%ff"} {
		f.Add("REST.GET.OBJECT", key)
		f.Add("BATCH.DELETE.OBJECT", key)
	}
	f.Fuzz(func(t *testing.T, operation, key string) {
		out, needed := AppendKey([]byte("before"), operation, key)
		decoded, found := strings.CutPrefix(string(out), "before")
		require.True(t, found)
		if !needed {
			require.Empty(t, decoded)
			return
		}
		require.NotEqual(t, key, decoded)
		require.LessOrEqual(t, len(decoded), len(key))
	})
}

func FuzzParseRequester(f *testing.F) {
	for _, test := range requesterTests {
		f.Add(test.field)
	}
	f.Fuzz(func(t *testing.T, s string) {
		q := ParseRequester(s)
		require.Contains(t, []RequesterType{
			RequesterAnonymous, RequesterCanonicalUser, RequesterIAMUser, RequesterAssumedRole, RequesterFederatedUser,
			RequesterRoot, RequesterCloudFront, RequesterAWSService, RequesterOther,
		}, q.Type)
		for _, part := range []string{q.UserName, q.SessionName, q.AccountID} {
			require.Contains(t, s, part)
		}
		require.True(t, q.AccountID == "" || isAccountID(q.AccountID))
	})
}
