package s3accesslogsreceiver

import (
	"bytes"
	"context"
	"maps"
	"sync"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension/xextension/storage"
)

// memoryStorage is a storage extension that keeps values as long as the test lasts. The
// one that users have is under test in internal/test/system.
type memoryStorage struct {
	component.StartFunc
	component.ShutdownFunc

	mu     sync.Mutex
	values map[string][]byte // by the client's name and the key
}

func newMemoryStorage() *memoryStorage { return &memoryStorage{values: map[string][]byte{}} }

func (s *memoryStorage) GetClient(_ context.Context, _ component.Kind, id component.ID, name string) (storage.Client, error) {
	return &memoryClient{s, id.String() + "/" + name + "/"}, nil
}

type memoryClient struct {
	storage *memoryStorage
	prefix  string
}

func (c *memoryClient) Get(ctx context.Context, key string) ([]byte, error) {
	op := storage.GetOperation(key)
	err := c.Batch(ctx, op)
	return op.Value, err
}

func (c *memoryClient) Set(ctx context.Context, key string, value []byte) error {
	return c.Batch(ctx, storage.SetOperation(key, value))
}

func (c *memoryClient) Delete(ctx context.Context, key string) error {
	return c.Batch(ctx, storage.DeleteOperation(key))
}

func (c *memoryClient) Batch(_ context.Context, ops ...*storage.Operation) error {
	c.storage.mu.Lock()
	defer c.storage.mu.Unlock()
	next := maps.Clone(c.storage.values)
	for _, op := range ops {
		switch op.Type {
		case storage.Get:
			op.Value = bytes.Clone(next[c.prefix+op.Key])
		case storage.Set:
			next[c.prefix+op.Key] = bytes.Clone(op.Value)
		case storage.Delete:
			delete(next, c.prefix+op.Key)
		}
	}
	c.storage.values = next
	return nil
}

func (*memoryClient) Close(context.Context) error { return nil }
