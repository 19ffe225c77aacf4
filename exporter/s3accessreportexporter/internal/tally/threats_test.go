package tally

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func threat(uid uint64, at int64, client string) *Record {
	return &Record{
		UID: uid, Time: at, Bucket: "b", Operation: "REST.GET.OBJECT", Client: client,
		Status: 200, Total: Absent, Turn: Absent, Confidence: 1, Actor: "HERON",
	}
}

// The receiver can leave client.address out of the records and threat.* not.
func TestThreatsWithoutAClientAreTheOthersOfTheirConfidence(t *testing.T) {
	of := New(720 * time.Hour)
	for day := range int64(4) {
		at := now + day*msDay
		of.Add(threat(uint64(day)+1, at, ""), at)
	}
	n := uint64(0)
	for c := range of.Threats() {
		n += c.Value.Requests
		assert.Equal(t, Threat{Client: other, Place: beyondPlaces}, of.Threat(uint16(c.Key)))
	}
	assert.EqualValues(t, 4, n)
}

func TestNumbersOfThreatsThatAreForgottenAreGivenAgain(t *testing.T) {
	of := New(24 * time.Hour)
	uid := uint64(0)
	add := func(day int64, client string) {
		uid++
		of.Add(threat(uid, now+day*msDay, client), now+day*msDay)
	}
	for i := range mostThreats - 1 {
		add(0, fmt.Sprint("old-", i))
	}
	for day := range int64(4) {
		add(day, "stays") // it has the last number
	}
	for i := range 100 {
		add(3, fmt.Sprint("new-", i))
	}
	clients := map[string]bool{}
	for c := range of.Threats() {
		clients[of.Threat(uint16(c.Key)).Client] = true
	}
	require.Len(t, clients, 101)
	require.False(t, clients[other])
}
