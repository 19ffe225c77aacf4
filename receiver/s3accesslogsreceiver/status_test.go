package s3accesslogsreceiver

import (
	"errors"
	"fmt"
	"strconv"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/ingest"
)

// statusHost keeps the status events it gets, but for errUnanswered and the OK that ends it,
// unless that ends another error too.
type statusHost struct {
	component.Host
	events     chan *componentstatus.Event
	unanswered atomic.Bool // the last event was errUnanswered
	unhealthy  atomic.Bool // the last kept event was an error
}

func newStatusHost() *statusHost {
	return &statusHost{Host: componenttest.NewNopHost(), events: make(chan *componentstatus.Event, 1000)}
}

// Report implements componentstatus.Reporter.
func (h *statusHost) Report(e *componentstatus.Event) {
	unanswered := errors.Is(e.Err(), errUnanswered)
	if h.unanswered.Swap(unanswered) && e.Err() == nil && !h.unhealthy.Load() || unanswered {
		return
	}
	h.unhealthy.Store(e.Err() != nil)
	h.events <- e
}

// allHost keeps all status events it gets.
type allHost struct {
	component.Host
	events []*componentstatus.Event
}

func (h *allHost) Report(e *componentstatus.Event) { h.events = append(h.events, e) }

func TestTheStatusIsAnErrorUntilObjectsCouldBeLookedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		core, logged := observer.New(zap.InfoLevel)
		host := &allHost{Host: componenttest.NewNopHost()}
		s := newStatus(host, zap.New(core), systemClock{})
		defer s.stop(false)
		s.begin()
		require.Len(t, host.events, 1)
		assert.Equal(t, componentstatus.StatusRecoverableError, host.events[0].Status())
		require.ErrorIs(t, host.events[0].Err(), errUnanswered)
		require.EqualError(t, errUnanswered, "log objects are looked for, without an answer yet")
		assert.Empty(t, logged.All(), "every start begins so")

		s.report(ingest.ConcernLogs, errors.New("away"))
		s.report(ingest.ConcernLogs, nil)
		time.Sleep(2 * statusInterval)
		synctest.Wait()
		require.Len(t, host.events, 3)
		require.ErrorIs(t, host.events[2].Err(), errUnanswered, "nothing was looked for yet")

		s.report(ingest.ConcernSource, nil)
		s.report(ingest.ConcernSource, nil)
		require.Len(t, host.events, 4)
		assert.Equal(t, componentstatus.StatusOK, host.events[3].Status())
		assert.Equal(t, 1, logged.FilterMessage("recovered").Len())
	})
}

func TestASourceThatFailsFromTheStartIsHealthyOnceItCanBeLookedAt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		host := &allHost{Host: componenttest.NewNopHost()}
		s := newStatus(host, zap.NewNop(), systemClock{})
		defer s.stop(false)
		s.begin()
		s.report(ingest.ConcernSource, errors.New("denied"))
		require.ErrorContains(t, host.events[1].Err(), "denied")
		s.report(ingest.ConcernSource, nil)
		time.Sleep(2 * statusInterval)
		synctest.Wait()
		require.Len(t, host.events, 3)
		assert.Equal(t, componentstatus.StatusOK, host.events[2].Status())
	})
}

// next returns the next event, nil when there is none.
func (h *statusHost) next() *componentstatus.Event {
	select {
	case e := <-h.events:
		return e
	default:
		return nil
	}
}

func TestStatusReportsChangesOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		host := newStatusHost()
		s := newStatus(host, zap.NewNop(), systemClock{})
		defer s.stop(false)
		denied, away := errors.New("access denied"), errors.New("out of reach")

		s.report(ingest.ConcernSource, nil)
		require.Nil(t, host.next(), "well from the beginning")

		s.report(ingest.ConcernSource, denied)
		e := host.next()
		require.NotNil(t, e, "the first change at once")
		assert.Equal(t, componentstatus.StatusRecoverableError, e.Status())
		require.ErrorIs(t, e.Err(), denied)

		time.Sleep(statusInterval)
		s.report(ingest.ConcernSource, denied)
		require.Nil(t, host.next(), "no change")
		s.report(ingest.ConcernSource, away)
		require.ErrorIs(t, host.next().Err(), away)

		s.report(ingest.ConcernObjects, denied)
		require.Nil(t, host.next(), "not so soon")
		time.Sleep(2 * statusInterval)
		synctest.Wait()
		e = host.next()
		require.ErrorIs(t, e.Err(), away)
		require.ErrorIs(t, e.Err(), denied)

		s.report(ingest.ConcernSource, nil)
		time.Sleep(2 * statusInterval)
		synctest.Wait()
		assert.Equal(t, componentstatus.StatusRecoverableError, host.next().Status(), "one concern is left")
		s.report(ingest.ConcernObjects, nil)
		time.Sleep(2 * statusInterval)
		synctest.Wait()
		assert.Equal(t, componentstatus.StatusOK, host.next().Status())
		s.report(ingest.ConcernObjects, nil)
		require.Nil(t, host.next())
	})
}

// The same permission is missing for every object: that is one trouble, until it
// is that of another bucket.
func TestStatusIsNotDrivenByKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		host := newStatusHost()
		s := newStatus(host, zap.NewNop(), systemClock{})
		defer s.stop(false)
		denied := func(bucket, key string, request int) {
			s.report(ingest.ConcernObjects, fmt.Errorf(`access denied: s3://%[1]s/%[2]s: 403: no s3:GetObject on "arn:aws:s3:::%[1]s/%[2]s" (request %[3]d)`,
				bucket, key, request))
			time.Sleep(2 * statusInterval)
		}
		for i := range 10 {
			denied("logs", "a/key-"+strconv.Itoa(i), i)
		}
		require.ErrorContains(t, host.next().Err(), "s3://logs/a/key-0")
		require.Nil(t, host.next())
		denied("others", "key", 11)
		require.ErrorContains(t, host.next().Err(), "s3://others/key")
	})
}

// The same trouble is reported once, although its words are others each time; another
// one is reported.
func TestStatusIsNotDrivenByTimesAndAddresses(t *testing.T) {
	for name, texts := range map[string][]string{
		"an expired certificate": {
			"tls: failed to verify certificate: x509: certificate has expired or is not yet valid: current time 2026-03-01T12:00:00Z is after 2026-01-31T23:59:59Z",
			"tls: failed to verify certificate: x509: certificate has expired or is not yet valid: current time 2026-03-01T12:00:07+01:00 is after 2026-01-31T23:59:59Z",
		},
		"a clock that is off": {
			"403 InvalidSignature: Signature expired: 20260131T000000Z is now earlier than 20260131T001500Z (20260131T003000Z - 15 min.)",
			"403 InvalidSignature: Signature expired: 20260131T000001Z is now earlier than 20260131T001501Z (20260131T003001Z - 15 min.)",
		},
		"an HTTP date": {"since Sat, 31 Jan 2026 12:00:00 GMT", "since Sun, 01 Feb 2026 12:00:09 GMT"},
		"another form": {"at 2026-01-31 12:00:00.123 +0000 UTC", "at 2026-01-31 12:00:01.5 +0000 UTC"},
		"a reset": {
			"read tcp 127.0.0.1:51234->10.0.0.1:443: read: connection reset by peer",
			"read tcp 127.0.0.1:51238->10.0.0.2:443: read: connection reset by peer",
		},
		"a reset, IPv6": {
			"read tcp [::1]:51234->[2001:db8::1]:443: read: connection reset by peer",
			"read tcp [fe80::1%eth0]:51236->[2001:db8::2]:443: read: connection reset by peer",
		},
		"a name": {
			"lookup s3.example.com on 127.0.0.53:53: read udp 127.0.0.1:43210->127.0.0.53:53: i/o timeout",
			"lookup s3.example.com on 127.0.0.53:53: read udp 127.0.0.1:43222->127.0.0.53:53: i/o timeout",
		},
		"a request":      {"503: slow (request 4442587FB7D0A2F9)", "503: slow (request 4442587FB7D0A2F0)"},
		"a request's id": {"refused, RequestId: 0c9a-1", "refused, RequestId: 0c9a-2"},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, 1, changes(t, texts)) })
	}
	for name, texts := range map[string][]string{
		"codes":   {"out of reach: 503", "out of reach: 500", "out of reach: 403"},
		"buckets": {"denied: s3://logs-1/a", "denied: s3://logs-2/a"},
		"hosts":   {"dial tcp: lookup one.example.com: no such host", "dial tcp: lookup two.example.com: no such host"},
		"words":   {"dial tcp 10.0.0.1:443: connection refused", "dial tcp 10.0.0.1:443: i/o timeout"},
		"regions": {"set aws.region to eu-west-1 (now us-east-1)", "set aws.region to eu-west-2 (now us-east-1)"},
		"roles":   {"allow sts:AssumeRole on arn:aws:iam::111122223333:role/a", "allow sts:AssumeRole on arn:aws:iam::111122223334:role/a"},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, len(texts), changes(t, texts)) })
	}
}

// changes is how many statuses errors with these texts make.
func changes(t *testing.T, texts []string) (n int) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		host := newStatusHost()
		s := newStatus(host, zap.NewNop(), systemClock{})
		defer s.stop(false)
		for _, text := range texts {
			s.report(ingest.ConcernObjects, errors.New(text))
			time.Sleep(2 * statusInterval)
		}
		n = len(host.events)
	})
	return n
}

// What others chose, as keys, stands in one line and moves nothing in it.
func TestStatusShowsControlCharacters(t *testing.T) {
	host := newStatusHost()
	s := newStatus(host, zap.NewNop(), systemClock{})
	defer s.stop(false)
	denied, away := fmt.Errorf("denied: s3://logs/%s", evil), errors.New("away")
	s.failing[ingest.ConcernSource] = away
	s.report(ingest.ConcernObjects, denied)
	err := host.next().Err()
	require.ErrorIs(t, err, denied)
	require.ErrorIs(t, err, away)
	assert.Equal(t, "finding objects: away | reading objects: denied: s3://logs/"+evilShown, err.Error())
}

func TestStatusIsNotDrivenByWhatFlaps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		host := newStatusHost()
		s := newStatus(host, zap.NewNop(), systemClock{})
		defer s.stop(false)
		for range 10_000 {
			s.report(ingest.ConcernObjects, errors.New("503"))
			s.report(ingest.ConcernObjects, nil)
			time.Sleep(10 * time.Millisecond)
		}
		assert.LessOrEqual(t, len(host.events), int(100*time.Second/statusInterval)+1)
	})
}
