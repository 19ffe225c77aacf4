package threat

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// A feed's copy is two values: its content as it was fetched, compressed with gzip, and
// its state. The content is written first. If only that succeeds, the version is older
// than the content, and the next check fetches the content once more.
const (
	contentSuffix = ".feed"
	stateSuffix   = ".state"
)

// state is what is known of a copy.
type state struct {
	Origin  string  `json:"origin"` // fingerprint: another origin under this name has no copy
	Version version `json:"version"`
	Seen    int64   `json:"seen"` // unix seconds of the last successful check
}

var errNoCopy = errors.New("there is no copy")

// copies are those of one feed; a nil store disables them.
type copies struct {
	store  CopyStore
	name   string
	origin string
	limit  int64
}

func newCopies(store CopyStore, f *Feed) copies {
	sum := sha256.Sum256([]byte(f.Path + "\x00" + f.Endpoint + "\x00" + f.TAXII.Collection + "\x00" + f.TAXII.AddedAfter))
	return copies{store: store, name: f.Name, origin: hex.EncodeToString(sum[:8]), limit: f.maxSize}
}

// state returns what is known of the copy; errNoCopy when there is none.
func (c copies) state(ctx context.Context) (state, error) {
	var s state
	if c.store == nil {
		return s, errNoCopy
	}
	value, err := c.store.Get(ctx, c.name+stateSuffix)
	if err != nil {
		return s, fmt.Errorf("read the kept copy: %w", err)
	}
	if value == nil || json.Unmarshal(value, &s) != nil || s.Origin != c.origin {
		return state{}, errNoCopy
	}
	return s, nil
}

// content returns the copy's content, which the caller closes.
func (c copies) content(ctx context.Context) (io.ReadCloser, error) {
	if c.store == nil {
		return nil, errNoCopy
	}
	value, err := c.store.Get(ctx, c.name+contentSuffix)
	if err != nil {
		return nil, fmt.Errorf("read the kept copy: %w", err)
	}
	if value == nil {
		return nil, errNoCopy
	}
	return gzip.NewReader(bytes.NewReader(value))
}

func (c copies) putState(ctx context.Context, v version, seen time.Time) error {
	if c.store == nil {
		return nil
	}
	value, err := json.Marshal(state{Origin: c.origin, Version: v, Seen: seen.Unix()})
	if err == nil {
		err = c.store.Put(ctx, c.name+stateSuffix, value)
	}
	if err != nil {
		return fmt.Errorf("keep a copy: %w", err)
	}
	return nil
}

// copier packs a feed's content while it is read.
type copier struct {
	copies
	packed *bytes.Buffer
	gzip   *gzip.Writer
}

// copier returns one through which the content has to be read.
func (c copies) copier() *copier {
	if c.store == nil {
		return &copier{copies: c}
	}
	packed := &bytes.Buffer{}
	w, _ := gzip.NewWriterLevel(packed, gzip.BestSpeed) // the level is valid
	return &copier{copies: c, packed: packed, gzip: w}
}

func (c *copier) tee(r io.Reader) io.Reader {
	if c.store == nil {
		return r
	}
	return io.TeeReader(r, c.gzip)
}

// put stores what was read.
func (c *copier) put(ctx context.Context, v version, seen time.Time) error {
	if c.store == nil {
		return nil
	}
	if err := c.gzip.Close(); err != nil {
		return err
	}
	if err := c.store.Put(ctx, c.name+contentSuffix, c.packed.Bytes()); err != nil {
		return fmt.Errorf("keep a copy: %w", err)
	}
	return c.putState(ctx, v, seen)
}
