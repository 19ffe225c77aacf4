package samplelogs_test

import (
	"bytes"
	"errors"
	"io"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/accesslog"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/samplelogs"
)

func TestRecordsAreTheSameForASeed(t *testing.T) {
	assert.Equal(t, samplelogs.Records(7, 500), samplelogs.Records(7, 500))
	assert.NotEqual(t, samplelogs.Records(7, 5), samplelogs.Records(8, 5))
	assert.Empty(t, samplelogs.Records(7, 0))
}

func TestRecordsAreWellFormedAndOfTheLengthThatBenchmarksState(t *testing.T) {
	records := samplelogs.Records(1, 20000)
	require.Len(t, records, 20000)
	length := 0
	operations := map[string]int{}
	requesters := map[accesslog.RequesterType]int{}
	var r accesslog.Record
	for _, line := range records {
		require.NoError(t, accesslog.Parse(line, &r), line)
		require.Equal(t, 27, r.Fields, line)
		length += len(line)
		operations[r.Operation]++
		requesters[accesslog.ParseRequester(r.Requester).Type]++
	}
	assert.InDelta(t, 640, length/len(records), 20)
	assert.Greater(t, len(operations), 20, "operations")
	assert.GreaterOrEqual(t, len(requesters), 6, "kinds of requesters")
}

// Nobody's address may stand in the samples.
func TestAddressesAreForDocumentation(t *testing.T) {
	var allowed []netip.Prefix
	for _, s := range []string{"192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32", "10.0.0.0/8"} {
		allowed = append(allowed, netip.MustParsePrefix(s))
	}
	var r accesslog.Record
	for _, line := range samplelogs.Records(3, 5000) {
		require.NoError(t, accesslog.Parse(line, &r))
		if r.RemoteIP == "" {
			continue
		}
		addr, err := netip.ParseAddr(r.RemoteIP)
		require.NoError(t, err)
		inside := false
		for _, p := range allowed {
			inside = inside || p.Contains(addr)
		}
		assert.True(t, inside, r.RemoteIP)
	}
}

func TestWriteStopsAtTheSize(t *testing.T) {
	var b bytes.Buffer
	n, err := samplelogs.Write(&b, 1, 100_000)
	require.NoError(t, err)
	assert.Equal(t, n, bytes.Count(b.Bytes(), []byte("\n")))
	assert.GreaterOrEqual(t, b.Len(), 100_000)
	assert.Less(t, b.Len(), 120_000)
	assert.Equal(t, samplelogs.Records(1, n), strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n"))
}

var errFullDisk = errors.New("no space left")

type fullDisk struct{ io.Writer }

func (fullDisk) Write([]byte) (int, error) { return 0, errFullDisk }

func TestWriteReturnsTheWritersError(t *testing.T) {
	_, err := samplelogs.Write(fullDisk{}, 1, 10<<20)
	assert.ErrorIs(t, err, errFullDisk)
}
