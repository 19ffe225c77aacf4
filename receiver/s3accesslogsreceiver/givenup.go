package s3accesslogsreceiver

import (
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/checkpoint"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/s3io"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source/givenup"
)

// offerGivenUp makes a source also offer, once, what earlier processes gave up.
func offerGivenUp(src *openedSource, progress *checkpoint.Store) error {
	if src.content == nil {
		return nil
	}
	offered, err := givenup.New(givenup.Deps{Source: src.source, Progress: progress, Content: src.content})
	if err != nil {
		return err
	}
	src.source = offered
	return nil
}

// givenUpContent is the content of an object of a bucket that was given up before.
type givenUpContent struct {
	objectContent
	clients *s3io.Clients
}

// Place implements source.Placed.
func (c givenUpContent) Place() (accountID, region string) { return c.clients.Place(c.object.Bucket) }
