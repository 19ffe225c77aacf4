package checkpoint

import (
	"context"
	"errors"
	"maps"
	"math/rand/v2"
	"strings"
	"sync"

	"go.opentelemetry.io/collector/extension/xextension/storage"
)

var errStorage = errors.New("storage does not work")

// memory is a storage client that keeps its promises and no more: what a batch
// writes is written one by one, in any order. Every write is logged.
type memory struct {
	mu     sync.Mutex
	values map[string][]byte
	writes []write
	random *rand.Rand // the order of batches; nil: as given

	// fails is asked before each write: whether it is done, and whether it then
	// returns an error, as when the answer is lost. nil: all goes well.
	fails  func(key string) (done, failed bool)
	closed int
}

// write is one write; value is nil for a deletion.
type write struct {
	key   string
	value []byte
}

func newMemory() *memory { return &memory{values: map[string][]byte{}} }

// clone returns a client with the same values and an empty log.
func (m *memory) clone() *memory {
	return &memory{values: maps.Clone(m.values), random: m.random}
}

func (w write) applyTo(values map[string][]byte) {
	if w.value == nil {
		delete(values, w.key)
	} else {
		values[w.key] = w.value
	}
}

func (m *memory) do(w write) error {
	done, failed := true, false
	if m.fails != nil {
		done, failed = m.fails(w.key)
	}
	if done {
		w.applyTo(m.values)
		m.writes = append(m.writes, w)
	}
	if failed {
		return errStorage
	}
	return nil
}

func (m *memory) Get(_ context.Context, key string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.values[key], nil
}

func (m *memory) Set(_ context.Context, key string, value []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.do(write{key, value})
}

func (m *memory) Delete(_ context.Context, key string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.do(write{key: key})
}

func (m *memory) Batch(_ context.Context, ops ...*storage.Operation) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	order := make([]int, len(ops))
	for i := range order {
		order[i] = i
	}
	if m.random != nil {
		order = m.random.Perm(len(ops))
	}
	var failure error
	for _, i := range order {
		switch op := ops[i]; op.Type {
		case storage.Get:
			op.Value = m.values[op.Key]
		case storage.Set:
			failure = errors.Join(failure, m.do(write{op.Key, op.Value}))
		case storage.Delete:
			failure = errors.Join(failure, m.do(write{key: op.Key}))
		}
	}
	return failure
}

func (m *memory) Close(context.Context) error {
	m.closed++
	return nil
}

// commits counts the journal entries in the log.
func commits(writes []write) int {
	n := 0
	for _, w := range writes {
		if w.value != nil && strings.HasPrefix(w.key, "journal/") {
			n++
		}
	}
	return n
}

// bytes sums up the stored values.
func (m *memory) bytes() int {
	n := 0
	for _, v := range m.values {
		n += len(v)
	}
	return n
}
