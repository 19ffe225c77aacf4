package s3accesslogsreceiver

import (
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/checkpoint"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/s3io"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source/givenup"
)

// withGivenUp returns the source, which also offers once what earlier processes gave up.
// It closes nothing that src.close does not close, but waits for it.
func (r *s3Receiver) withGivenUp(src *openedSource, progress *checkpoint.Store) (source.Source, error) {
	if src.content == nil {
		return src.source, nil
	}
	offered, err := givenup.New(givenup.Deps{Source: src.source, Progress: progress, Content: src.content})
	if err != nil {
		return nil, err
	}
	src.source = offered
	return offered, nil
}

// givenUpContent is the content of an object of a bucket that was given up before.
type givenUpContent struct {
	objectContent
	clients *s3io.Clients
}

// Place implements source.Placed.
func (c givenUpContent) Place() (accountID, region string) { return c.clients.Place(c.object.Bucket) }
