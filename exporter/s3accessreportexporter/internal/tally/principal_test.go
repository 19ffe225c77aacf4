package tally

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestPrincipalLeavesTheSessionOfARoleOut(t *testing.T) {
	for requester, want := range map[string]string{
		"arn:aws:sts::111122223333:assumed-role/etl/i-0123": "arn:aws:sts::111122223333:assumed-role/etl",
		"arn:aws:sts::111122223333:assumed-role/etl/a/b":    "arn:aws:sts::111122223333:assumed-role/etl",
		"arn:aws:sts::111122223333:assumed-role/etl":        "arn:aws:sts::111122223333:assumed-role/etl",
		"arn:aws:iam::111122223333:user/team/alice":         "arn:aws:iam::111122223333:user/team/alice",
		"": "",
	} {
		assert.Equal(t, want, Principal(requester))
	}
}

// A list holds a hundred: a program that takes a session a request must not fill it.
func TestSessionsOfARoleAreOneInListsOfRequestersAndOfWho(t *testing.T) {
	const sessions = 1000
	of := New(720 * time.Hour)
	for i := range sessions {
		of.Add(&Record{
			UID: uint64(i) + 1, Time: now + int64(i), Bucket: "b", Operation: "REST.GET.OBJECT", Status: 403, Code: "AccessDenied",
			Requester: fmt.Sprintf("arn:aws:sts::111122223333:assumed-role/etl/i-%04d", i), Total: Absent, Turn: Absent, Marks: 1 << Denied,
		}, now)
	}
	e := of.Estimate(0)
	rows := e.Top(Requesters, false, 1000)
	require.Len(t, rows, 1)
	assert.Equal(t, "arn:aws:sts::111122223333:assumed-role/etl", rows[0].Text)
	assert.EqualValues(t, []uint64{sessions, 0}, []uint64{rows[0].N, rows[0].Over})
	who := e.Who()
	require.Len(t, who, 1)
	assert.EqualValues(t, []uint64{sessions, 0}, []uint64{who[0].N, who[0].Over})
	assert.Equal(t, "arn:aws:sts::111122223333:assumed-role/etl/i-0999", who[0].Who, "the last of them")
}
