package rollup

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/accesslog"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/wire"
)

// storing are the settings that differ in what is stored.
func storing() (list []setup) {
	for _, change := range []func(*setup){
		func(*setup) {},
		func(s *setup) { s.Histogram = HistogramExponential },
		func(s *setup) { s.Temporality, s.Histogram = TemporalityDelta, HistogramExponential },
		func(s *setup) { s.Temporality, s.Timestamps, s.CardinalityLimit = TemporalityDelta, TimestampsEvent, 3 },
		func(s *setup) { only(s, "aws.s3.server.io", "http.response.status_code") },
	} {
		s := testSettings()
		s.SeriesIdleTimeout = 2 * time.Minute
		change(&s)
		list = append(list, s)
	}
	return list
}

// stored is a process with some of all that can be stored. Of its last emission one
// request is settled and the others are not.
func stored(t testing.TB, s setup) *process {
	l := newProcess(t, s)
	l.requestsOf(1)
	for i := range 6 {
		l.add(get(), with(func(r *accesslog.Record) {
			r.Operation, r.Bucket, r.TotalTime = "REST.PUT.OBJECT", string(rune('a'+i)), int64(i)*1000
		}))
		l.commit()
		l.emit(time.Minute)
		if i != 5 {
			l.accept()
		}
	}
	l.acceptOne()
	return l
}

// Whatever is read, it does not panic, takes memory by its length, and if it is
// accepted, it can be stored, read again, and counted on. Unless the layout is to
// be fuzzed as well, that of one of the settings stands before the rest.
func FuzzRestore(f *testing.F) {
	for i, s := range storing() {
		state := stored(f, s).state.AppendState(nil)
		f.Add(uint8(i), false, state[len(snapshotHead(s)):])
		f.Add(uint8(i), true, state)
	}
	f.Fuzz(func(t *testing.T, by uint8, raw bool, state []byte) {
		if !raw {
			state = append(snapshotHead(storing()[int(by)%len(storing())]), state...)
		}
		for _, settings := range storing() {
			s := settings.state(epoch)
			if s.Restore(state) == nil {
				checkRestored(t, settings, s, len(state))
			}
		}
	})
}

func snapshotHead(s setup) []byte {
	return newPlan(s.Config, s.Deps).appendLayout([]byte{snapshotFormat})
}

func changeHead(s setup, version byte) []byte {
	b := binary.AppendVarint([]byte{version}, epoch.UnixNano())
	return newPlan(s.Config, s.Deps).appendLayout(append(b, 1))
}

// The same of a change, alone and behind a snapshot. In every other round of the
// settings the head is that of the first edition.
func FuzzReplay(f *testing.F) {
	var snapshots [][]byte
	for i, s := range storing() {
		l := stored(f, s)
		f.Add(uint8(i), true, l.journal[0])
		for _, change := range l.journal[1:] {
			_, n := binary.Varint(change[1:]) // the time; no layout is behind it
			f.Add(uint8(i), false, change[1+n+1:])
		}
		l = newProcess(f, s)
		l.add(get(), with(operation("REST.HEAD.OBJECT")))
		l.emit(time.Minute)
		snapshots = append(snapshots, l.state.AppendState(nil))
	}
	for _, block := range firstEdition(f) {
		for _, change := range block.changes {
			_, n := binary.Varint(change[1:])
			f.Add(uint8(block.settings+len(storing())), false, change[1+n+1:])
		}
	}
	f.Fuzz(func(t *testing.T, by uint8, raw bool, change []byte) {
		if !raw {
			version := byte(format)
			if int(by)/len(storing())%2 == 1 {
				version = settledAsAWhole
			}
			change = append(changeHead(storing()[int(by)%len(storing())], version), change...)
		}
		for i, settings := range storing() {
			empty, s := settings.state(epoch), settings.state(epoch)
			require.NoError(t, s.Restore(snapshots[i]))
			for _, s := range []*State{empty, s} {
				if s.Replay(change) == nil {
					checkRestored(t, settings, s, len(snapshots[i])+len(change))
				}
			}
		}
	})
}

func checkRestored(t *testing.T, settings setup, s *State, length int) {
	for g := range s.cells {
		assert.LessOrEqual(t, len(s.cells[g]), length)
	}
	state := s.AppendState(nil)
	other := settings.state(epoch)
	require.NoError(t, other.Restore(state))
	require.True(t, bytes.Equal(state, other.AppendState(nil)))
	assert.Equal(t, s.Series(), other.Series())

	s.requestSize = 1
	for i, request := range s.Emission(epoch) {
		if i%2 == 0 {
			s.Settle(&request)
		}
	}
	counter, r := s.NewCounter(), get()
	counter.Add(&r, noClient)
	s.Add(counter.Cut())
	s.Cut(epoch.Add(time.Minute))
	s.Change(epoch.Add(time.Minute))
	require.NoError(t, s.Committed())
	for _, request := range s.Emission(epoch.Add(time.Minute)) {
		s.Settle(&request)
	}
	s.Change(epoch.Add(time.Minute))
	require.NoError(t, s.Committed())
	require.False(t, s.Unsettled())
	for _, request := range s.Emission(epoch.Add(time.Minute)) {
		require.False(t, request.StartPoints)
	}
	require.NoError(t, settings.state(epoch).Restore(s.AppendState(nil)))
}

// A number of a cell that is neither free nor the next makes no room for those
// before it.
func TestNumberOutOfOrder(t *testing.T) {
	s := testSettings()
	only(&s, "aws.s3.server.requests")
	b := append(changeHead(s, format), 0, 1, 0) // nothing settled, one tally, of group 0
	b = binary.AppendUvarint(b, 1<<23)
	b = append(b, ofNewOverflow, 0, 1, 1) // interval 0, stream 0, 1 request
	b = append(b, 0, 0, 0, 0)             // no cut, since, start, no drops
	state := s.state(epoch)
	require.ErrorIs(t, state.Replay(b), wire.ErrContent)
	assert.Empty(t, state.cells[0])
}

// Stored bytes that are cut off or of another version stop the start.
func TestUnreadable(t *testing.T) {
	for _, settings := range storing() {
		l := stored(t, settings)
		state := l.state.AppendState(nil)
		for n := range state {
			require.Error(t, settings.state(epoch).Restore(state[:n]))
		}
		require.Error(t, settings.state(epoch).Restore(append(state, 0)))
		change := l.journal[0]
		for n := range change {
			require.Error(t, settings.state(epoch).Replay(change[:n]))
		}
		require.Error(t, settings.state(epoch).Replay(append(change, 0)))
		require.Error(t, settings.state(epoch).Replay(l.journal[1]), "what it refers to is not there")
		for _, version := range []byte{0, format + 1, 255} {
			change[0], state[0] = version, version
			err := settings.state(epoch).Replay(change)
			require.ErrorIs(t, err, errFormat)
			require.ErrorContains(t, err, fmt.Sprintf("format %d,", version))
			require.ErrorIs(t, settings.state(epoch).Restore(state), errFormat)
		}
		state[0] = snapshotFormat + 1
		require.ErrorIs(t, settings.state(epoch).Restore(state), errFormat)
	}
}

// What is settled must be there.
func TestUnreadableParts(t *testing.T) {
	for _, settings := range storing() {
		l := stored(t, settings)
		l.snap()
		of := part{group: 0, stream: 0, last: position{cell: 1}}
		for name, change := range map[string]func(*part){
			"no such group":                func(p *part) { p.group = 99 },
			"no such stream":               func(p *part) { p.stream = len(l.state.plan.groups[0].streams) },
			"no such cell":                 func(p *part) { p.last.cell = uint32(len(l.state.cells[0])) },
			"no such cell to begin":        func(p *part) { p.first.cell = 99 },
			"the end before the beginning": func(p *part) { p.first.cell, p.last.cell = 1, 0 },
			"an interval before 1970":      func(p *part) { p.first.interval = -1 },
			"an interval too late":         func(p *part) { p.last.interval = maxInterval + 1 },
		} {
			p := of
			change(&p)
			b := appendParts(changeHead(settings, format), []part{p})
			b = append(b, 0, 0, 0, 0, 0) // no tallies, cut, since, start, drops
			state := settings.state(epoch)
			require.NoError(t, state.Restore(l.snapshot))
			require.ErrorIs(t, state.Replay(b), wire.ErrContent, name)
		}
		last := stored(t, settings).journal
		for n := range last[len(last)-1] {
			state := settings.state(epoch)
			for _, change := range last[:len(last)-1] {
				require.NoError(t, state.Replay(change))
			}
			require.Error(t, state.Replay(last[len(last)-1][:n]))
		}
	}
}

// What was counted belongs to a series: nothing else would ever forget it.
func TestPointWithoutItsSeriesIsRefused(t *testing.T) {
	for _, settings := range storing() {
		l := stored(t, settings)
		for c := range l.state.all() {
			clear(c.series)
		}
		require.ErrorIs(t, settings.state(epoch).Restore(l.state.AppendState(nil)), wire.ErrContent)
	}
}
