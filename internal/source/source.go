// Package source defines where log objects come from. A Source hands out Work,
// one object each; the packages below are the sources there are.
package source

import (
	"context"
	"errors"
	"fmt"
	"io"
)

// Errors of an object. Implementations wrap them with the bucket and key.
var (
	ErrGone        = errors.New("object is gone")
	ErrDenied      = errors.New("access denied")
	ErrUnreachable = errors.New("storage is out of reach")
	ErrChanged     = errors.New("object changed while it was read")
)

// OverwrittenError is an ErrChanged that knows which version there is instead.
type OverwrittenError struct {
	Now Object
	Was string // the ETag that was read; "" when unknown
}

func (e *OverwrittenError) Error() string {
	return fmt.Sprintf("%v: %s has ETag %q instead of %q", ErrChanged, e.Now.URI(), e.Now.ETag, e.Was)
}

// Unwrap makes it an ErrChanged.
func (e *OverwrittenError) Unwrap() error { return ErrChanged }

// Object names a log object.
type Object struct {
	Bucket string // "" for a file
	Key    string // the key, or the file's path
	ETag   string // without quotes; "" when unknown
	Size   int64  // stored bytes; -1 when unknown
	Name   Name   // what the key tells
}

// URI returns s3://bucket/key, or the path of a file.
func (o Object) URI() string {
	if o.Bucket == "" {
		return o.Key
	}
	return "s3://" + o.Bucket + "/" + o.Key
}

// Content opens the stored bytes of an object from a byte offset on. Errors
// wrap those above. A read that breaks off is resumed inside, at the same byte
// of the same version, before an error reaches the caller.
type Content interface {
	OpenAt(ctx context.Context, offset int64) (io.ReadCloser, error)
}

// Receipt settles an object. Exactly one of its methods is called, once.
type Receipt interface {
	// Ack: every record of the object was accepted and committed, or the object
	// is given up. It is not offered again.
	Ack()
	// Nack: offer the object again later, with Work.Offset set to offset: what
	// was committed of it, in decompressed bytes. charge says whether this
	// counts as one of its attempts.
	Nack(offset int64, charge bool)
	// Replace: the object was overwritten; offer now in its place, from what was
	// committed of that version on, unless it is done or on its way already. The
	// object is not settled before that one is.
	Replace(now Object)
}

// Work is one object to read. It belongs to the caller of Next until settled.
type Work struct {
	Object  Object
	Content Content
	Receipt Receipt
	Offset  int64 // decompressed bytes that are done: reading begins there
	Attempt int   // charged attempts before this one

	// ID is what Progress knows the object by, and Group the set it is kept in
	// there, which is forgotten as a whole.
	ID    ID
	Group string
}

// Source hands out objects. Next is not safe for concurrent use; receipts may be
// settled from any goroutine.
type Source interface {
	// Next blocks until there is an object, ctx is done, or the source is in
	// trouble. io.EOF: there will be no more. Any other error can heal: the
	// caller reports it, waits and calls again. Its text says what is wrong and
	// what to do.
	Next(ctx context.Context) (*Work, error)
	// Close frees what the source holds. It is called after the last receipt
	// was settled.
	Close() error
}
