package ingest

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/accesslog"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/lines"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

// errNoLine means that an object has no line that could tell what it is.
var errNoLine = errors.New("the object has no line")

// IsLog reports whether the first line of an object is a record, or a JSON object that
// has bucket_name and operation as records do. An error means that this cannot be said:
// the object cannot be read now, or has no line.
func (e *Engine) IsLog(ctx context.Context, content source.Content) (bool, error) {
	r, err := lines.Open(ctx, content, 0, e.cfg.Lines)
	if err == nil {
		defer r.Close()
	}
	for err == nil {
		var chunk lines.Chunk
		if chunk, err = r.Next(); err != nil {
			break
		}
		if line, ok := firstLine(chunk.Text); ok {
			return isRecord(line, e.cfg.Format), nil
		}
	}
	switch {
	case errors.Is(err, io.EOF):
		return false, errNoLine
	case errors.Is(err, lines.ErrNotText), errors.Is(err, lines.ErrCorrupt), errors.Is(err, lines.ErrTooLarge):
		return false, nil
	}
	return false, err
}

// Readable notes that an object of a bucket could be opened that is not of the engine: see
// dispose.
func (e *Engine) Readable(bucket string) { e.opened.add(bucket) }

func firstLine(text string) (line string, ok bool) {
	for line := range strings.Lines(text) {
		if line = strings.TrimRight(line, "\r\n"); strings.TrimSpace(line) != "" {
			return line, true
		}
	}
	return "", false
}

func isRecord(line string, format accesslog.Format) bool {
	var r accesslog.Record
	first, _ := accesslog.Next(line, false)
	if format.Parse(first, &r) == nil {
		return true
	}
	var members struct {
		Bucket    json.RawMessage `json:"bucket_name"`
		Operation json.RawMessage `json:"operation"`
	}
	return json.Unmarshal([]byte(first), &members) == nil && members.Bucket != nil && members.Operation != nil
}
