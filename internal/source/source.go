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
	ErrArchived    = errors.New("object is archived")
)

// OverwrittenError is an ErrChanged that names the current version.
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
	Name   Name   // parsed from the key

	// AccountID is the bucket's, as a notification of EventBridge has it; "" when unknown.
	AccountID string
}

// URI returns s3://bucket/key, or the path of a file.
func (o Object) URI() string {
	if o.Bucket == "" {
		return o.Key
	}
	return "s3://" + o.Bucket + "/" + o.Key
}

// Content opens the stored bytes of an object from a byte offset on. Errors wrap those
// above. Implementations resume an interrupted read at the same byte of the same
// version before they return an error.
type Content interface {
	OpenAt(ctx context.Context, offset int64) (io.ReadCloser, error)
}

// Placed is a Content that may know where its log object's bucket is: S3 delivers access
// logs only within an account and Region. Place returns what is known, "" for what is
// not, once the object was opened.
type Placed interface {
	Place() (accountID, region string)
}

// Receipt settles an object. Exactly one of its methods is called, once.
type Receipt interface {
	// Ack means that every record of the object was accepted and committed, or that the
	// object is given up. It is not offered again.
	Ack()
	// Nack offers the object again later, with Work.Offset set to offset, the committed
	// decompressed bytes. charge says whether this counts as one of its attempts.
	Nack(offset int64, charge bool)
	// Replace means that the object was overwritten: now is offered instead, from the
	// committed offset of that version, unless it is done or handed out already. The
	// object is not settled before now is.
	Replace(now Object)
}

// Work is one object to read. It belongs to the caller of Next until settled.
type Work struct {
	Object  Object
	Content Content
	Receipt Receipt
	Offset  int64 // decompressed bytes that are done: reading begins there
	Attempt int   // charged attempts before this one

	// Redrive means that the redrive policy of a queue ends the attempts. An object that
	// cannot be read is reported once, and returned all the same. LastOffer means that the
	// policy allows no attempt after this one.
	Redrive, LastOffer bool

	// Retrial means that the object was given up before: it is tried once, and its progress
	// is kept in a cursor, see GivenUp.
	Retrial bool

	// ID identifies the object in Progress. Group is the set it is kept in there, which
	// is forgotten as a whole.
	ID    ID
	Group string
	// Alias is another ID of the object, committed as done together with ID when the
	// object was read to its end; the zero value means none.
	Alias ID
}

// Source hands out objects. Next is not safe for concurrent use; receipts may be
// settled from any goroutine.
type Source interface {
	// Next blocks until there is an object, ctx is done, or the source fails. io.EOF
	// means that there will be no more. After any other error the caller reports it,
	// waits and calls again. Its text says what is wrong and what to do.
	Next(ctx context.Context) (*Work, error)
	// Close frees the source's resources. It is called after the last receipt was
	// settled.
	Close() error
}
