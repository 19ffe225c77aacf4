package checkpoint_test

import (
	"context"
	"encoding/binary"
	"fmt"

	"go.opentelemetry.io/collector/extension/xextension/storage"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/checkpoint"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

// requests stands for the counters of metrics: a Section.
type requests struct{ total uint64 }

func (r *requests) Restore(state []byte) error {
	r.total = binary.BigEndian.Uint64(state)
	return nil
}

func (r *requests) Replay(delta []byte) error {
	r.total += binary.BigEndian.Uint64(delta)
	return nil
}

func (r *requests) AppendState(b []byte) []byte {
	return binary.BigEndian.AppendUint64(b, r.total)
}

// work stands for an object that a source hands out.
type work struct {
	id     checkpoint.ID
	group  string // the day it is listed with
	offset int64
}

// lister stands for one that lists a day of the bucket.
type lister struct {
	progress interface { // declared by the source: it does not import this package
		Done(id [16]byte) bool
		Reached(id [16]byte) (offset int64, attempts int)
	}
}

func (s *lister) list(keys ...string) (found []work) {
	for _, key := range keys {
		id := source.Identify("logs", key, "etag")
		if s.progress.Done(id) {
			continue
		}
		offset, _ := s.progress.Reached(id)
		found = append(found, work{id, "2026/11/22", offset})
	}
	return found
}

// mark is what the committer knows of an object in a batch.
type mark struct {
	work work
	end  int64
	last bool
}

// commit is what the committer does with a group of accepted batches: one
// commit, then the counters, then the source, then some housekeeping.
func commit(ctx context.Context, store *checkpoint.Store, counters *requests, change *checkpoint.Change, marks []mark, records uint64) error {
	for _, m := range marks {
		if m.last {
			change.Done(m.work.group, m.work.id)
		} else {
			change.Reached(m.work.group, m.work.id, m.end, 0)
		}
	}
	change.Delta("requests", binary.BigEndian.AppendUint64(nil, records))
	change.Cursor("prefix access/", []byte("2026/11/21"))
	if err := store.Commit(ctx, change); err != nil {
		return err // the change is kept: what is accepted meanwhile joins it
	}
	change.Reset()
	counters.total += records
	// Here the receipts of the finished objects are settled.
	return store.Tidy(ctx)
}

func Example() {
	ctx := context.Background()
	client := storageOfTheHost()

	counters := &requests{}
	store, err := checkpoint.Open(ctx, client, map[string]checkpoint.Section{"requests": counters})
	if err != nil {
		panic(err)
	}
	fmt.Println("start_from acts:", store.Fresh())
	listing := &lister{progress: store}
	found := listing.list("a", "b")
	marks := []mark{{work: found[0], end: 900, last: true}, {work: found[1], end: 4096}}
	if err := commit(ctx, store, counters, &checkpoint.Change{}, marks, 25); err != nil {
		panic(err)
	}

	// The process dies. The next one goes on inside b.
	counters = &requests{}
	store, err = checkpoint.Open(ctx, client, map[string]checkpoint.Section{"requests": counters})
	if err != nil {
		panic(err)
	}
	fmt.Println("start_from acts:", store.Fresh())
	listing = &lister{progress: store}
	for _, w := range listing.list("a", "b", "c") {
		fmt.Println("read from", w.offset)
	}
	fmt.Println("requests:", counters.total)
	fmt.Printf("cursor: %s\n", store.Cursors()["prefix access/"])

	// The day is no longer listed.
	var change checkpoint.Change
	for _, day := range store.Groups() {
		if day < "2026/11/23" {
			change.Forget(day)
		}
	}
	if err := store.Commit(ctx, &change); err != nil {
		panic(err)
	}
	fmt.Println("groups:", store.Groups())
	if err := store.Close(ctx); err != nil {
		panic(err)
	}
	// Output:
	// start_from acts: true
	// start_from acts: false
	// read from 4096
	// read from 0
	// requests: 25
	// cursor: 2026/11/21
	// groups: []
}

// mapClient stands for the client of a storage extension.
type mapClient map[string][]byte

func storageOfTheHost() storage.Client { return mapClient{} }

func (m mapClient) Get(_ context.Context, key string) ([]byte, error) { return m[key], nil }

func (m mapClient) Set(_ context.Context, key string, value []byte) error {
	m[key] = value
	return nil
}

func (m mapClient) Delete(_ context.Context, key string) error {
	delete(m, key)
	return nil
}

func (m mapClient) Batch(_ context.Context, ops ...*storage.Operation) error {
	for _, op := range ops {
		switch op.Type {
		case storage.Get:
			op.Value = m[op.Key]
		case storage.Set:
			m[op.Key] = op.Value
		case storage.Delete:
			delete(m, op.Key)
		}
	}
	return nil
}

func (mapClient) Close(context.Context) error { return nil }
