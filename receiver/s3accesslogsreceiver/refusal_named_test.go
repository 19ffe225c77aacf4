package s3accesslogsreceiver

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/samplelogs"
)

// picky is a consumer that refuses what holds one of some records, permanently.
func picky(t *testing.T, sink consumer.Logs, unwanted ...string) consumer.Logs {
	t.Helper()
	next, err := consumer.NewLogs(func(ctx context.Context, logs plog.Logs) error {
		for _, r := range listRecords(logs) {
			if slices.Contains(unwanted, r.uid()) {
				return consumererror.NewPermanent(errors.New("400 not this one"))
			}
		}
		return sink.ConsumeLogs(ctx, logs)
	})
	require.NoError(t, err)
	return next
}

// Each record that is dropped is named once, by its place, whatever kind of line
// and object it came from; all others arrive.
func TestDroppedRecordsAreNamed(t *testing.T) {
	dir, all := t.TempDir(), samplelogs.Records(21, 700)
	long := strings.Repeat("x", 5000)
	files := map[string][]string{
		"plain":     append(slices.Clone(all[:200]), "torn", long),
		"gzip":      all[200:500],
		"twice/one": all[500:600],
		"twice/two": append(slices.Clone(all[600:]), all[510]),
	}
	offset := func(file string, line int) int { return len(strings.Join(files[file][:line], "\n")) + min(line, 1) }
	writeFile(t, filepath.Join(dir, "plain"), strings.Join(files["plain"], "\n")+"\n")
	writeGzip(t, filepath.Join(dir, "gzip"), strings.Join(files["gzip"], "\n")+"\n")
	writeFile(t, filepath.Join(dir, "twice/one"), strings.Join(files["twice/one"], "\n")+"\n")
	writeFile(t, filepath.Join(dir, "twice/two"), strings.Join(files["twice/two"], "\n")+"\n")

	var unwanted, want []string
	for _, u := range []struct {
		file string
		line int
	}{{"plain", 0}, {"plain", 123}, {"plain", 200}, {"plain", 201}, {"gzip", 299}, {"twice/one", 10}, {"twice/two", 100}} {
		id := uidOf(files[u.file][u.line])
		unwanted = append(unwanted, id)
		want = append(want, fmt.Sprintf("the pipeline refuses a record while it takes others, it is dropped: %q byte %d, log.record.uid %s",
			filepath.Join(dir, u.file), offset(u.file, u.line), id))
	}
	cfg := directoryConfig(dir)
	cfg.MaxLineSize = 4096
	cfg.Logs.BatchSize, cfg.Retry.InitialInterval = 64, time.Millisecond
	sink := new(consumertest.LogsSink)
	tel, r := startMeasured(t, cfg, picky(t, sink, unwanted...))
	fields := r.awaitLogged(t, "directory read to its end")
	assert.EqualValues(t, 4, fields["objects"])

	var got []string
	for _, e := range r.logged.FilterMessageSnippet("it is dropped").All() {
		got = append(got, e.Message)
		assert.Contains(t, e.ContextMap()["error"], "400 not this one")
	}
	assert.ElementsMatch(t, want, got)
	wantIDs := uidsOf(append(slices.Clone(all), "torn", long)...)
	for _, id := range unwanted {
		delete(wantIDs, id)
	}
	assert.Equal(t, wantIDs, uids(sink.AllLogs()))
	counted := readTelemetry(t, tel)
	assert.EqualValues(t, len(unwanted), counted["records refused"])
	assert.Zero(t, counted["batches refused"])
}

// A back end that takes nothing shows in the status, with its words and with what
// can be done, until it takes something; and nothing is lost.
func TestABackEndThatRefusesAllShowsInTheStatus(t *testing.T) {
	dir, records := t.TempDir(), samplelogs.Records(22, 300)
	writeFile(t, filepath.Join(dir, "a"), strings.Join(records, "\n")+"\n")
	sink := new(consumertest.LogsSink)
	release := make(chan struct{})
	next, err := consumer.NewLogs(func(ctx context.Context, logs plog.Logs) error {
		select {
		case <-release:
			return sink.ConsumeLogs(ctx, logs)
		default:
			return consumererror.NewPermanent(errors.New("401 the token has expired" + strings.Repeat(".", 10_000)))
		}
	})
	require.NoError(t, err)
	cfg := directoryConfig(dir)
	cfg.Retry.InitialInterval, cfg.Retry.MaxInterval = 10*time.Millisecond, 10*time.Millisecond
	r := startReceiver(t, cfg, next)
	trouble := r.awaitStatus(t, componentstatus.StatusRecoverableError)
	require.ErrorContains(t, trouble, "delivering logs: the pipeline accepts nothing: Permanent error: 401 the token has expired")
	require.ErrorContains(t, trouble, "set on_refusal: drop, or a later start_from, if it is right that it does not want these records")
	assert.Less(t, len(trouble.Error()), 1000, "the back end's words are cut")
	close(release)
	require.NoError(t, r.awaitStatus(t, componentstatus.StatusOK))
	r.awaitLogged(t, "directory read to its end")
	assert.Equal(t, uidsOf(records...), uids(sink.AllLogs()))
}

func TestOnRefusalDropDropsTheBatch(t *testing.T) {
	dir, records := t.TempDir(), samplelogs.Records(23, 100)
	writeFile(t, filepath.Join(dir, "a"), strings.Join(records, "\n")+"\n")
	cfg := directoryConfig(dir)
	cfg.OnRefusal = refusalDrop
	sink := new(consumertest.LogsSink)
	tel, r := startMeasured(t, cfg, picky(t, sink, uidOf(records[50])))
	r.awaitLogged(t, "directory read to its end")
	assert.Zero(t, sink.LogRecordCount())
	assert.EqualValues(t, 100, readTelemetry(t, tel)["records refused"])
	fields := r.awaitLogged(t, "its records are dropped")
	assert.EqualValues(t, 100, fields["records"])
	assert.Equal(t, filepath.Join(dir, "a"), fields["first_object"])
}
