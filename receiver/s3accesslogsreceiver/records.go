package s3accesslogsreceiver

import (
	"context"
	"errors"
	"fmt"

	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.uber.org/zap"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/ingest"
	"github.com/otelcol-s3audit/otelcol-s3audit/receiver/s3accesslogsreceiver/internal/metadata"
)

// records is a payload of the log records of a batch. The logs are never changed: parts
// are copies, and so is the whole if the pipeline mutates data.
type records struct {
	*delivery
	logs   plog.Logs
	count  int
	locate ingest.Locate
	list   []record // by item; made on demand
}

// record is a log record and where it is in the logs.
type record struct {
	resource, scope int
	plog.LogRecord
}

func (r *records) items() int { return r.count }

func (r *records) size(item int) int {
	const envelope = 6 // tag and length
	return envelope + (&plog.ProtoMarshaler{}).LogRecordSize(r.all()[item].LogRecord)
}

// all returns the records by item.
func (r *records) all() []record {
	if r.list == nil {
		r.list = listRecords(r.logs)
	}
	return r.list
}

func listRecords(logs plog.Logs) (list []record) {
	for i, rl := range logs.ResourceLogs().All() {
		for j, sl := range rl.ScopeLogs().All() {
			for _, lr := range sl.LogRecords().All() {
				list = append(list, record{i, j, lr})
			}
		}
	}
	return list
}

func (r *records) offer(ctx context.Context, items []int) (left []int, err error) {
	next := *r.next.Load()
	offer := r.logs
	switch {
	case len(items) < r.count:
		offer = r.part(items)
	case next.Capabilities().MutatesData:
		// A processor must not change the same records again after a refusal.
		offer = plog.NewLogs()
		r.logs.CopyTo(offer)
	}
	ctx = r.obsreport.StartLogsOp(ctx)
	err = next.ConsumeLogs(ctx, offer)
	r.obsreport.EndLogsOp(ctx, metadata.Type.String(), len(items), err)

	var partial consumererror.Logs
	if errors.As(err, &partial) {
		return r.left(items, partial.Data()), err
	}
	return items, err
}

// part returns a copy of items.
func (r *records) part(items []int) plog.Logs {
	part := plog.NewLogs()
	var to plog.LogRecordSlice
	last := record{resource: -1}
	for _, item := range items {
		q := r.all()[item]
		if q.resource != last.resource || q.scope != last.scope {
			from := r.logs.ResourceLogs().At(q.resource)
			rl := part.ResourceLogs().AppendEmpty()
			from.Resource().CopyTo(rl.Resource())
			rl.SetSchemaUrl(from.SchemaUrl())
			sl := rl.ScopeLogs().AppendEmpty()
			from.ScopeLogs().At(q.scope).Scope().CopyTo(sl.Scope())
			sl.SetSchemaUrl(from.ScopeLogs().At(q.scope).SchemaUrl())
			to = sl.LogRecords()
		}
		q.CopyTo(to.AppendEmpty())
		last = q
	}
	return part
}

// left returns the items that were not accepted, as a partial error has them. Its
// records may have been changed on the way, so they are matched by their uid; if that
// fails, all are left.
func (r *records) left(items []int, failed plog.Logs) (left []int) {
	var uids []string
	for _, q := range listRecords(failed) {
		uids = append(uids, q.uid())
	}
	return itemsOf(uids, items, func(item int) string { return r.all()[item].uid() })
}

func (q *record) uid() string {
	v, _ := q.Attributes().Get("log.record.uid")
	return v.Str()
}

// dropped logs a dropped record. Its place is part of the message, since samplers
// compare messages only.
func (r *records) dropped(item int, err error) {
	id := r.all()[item].uid()
	object, offset := r.locate(id)
	r.unsampledLog.Warn(fmt.Sprintf("the pipeline refuses a record while it takes others, it is dropped: %q byte %d, log.record.uid %s", object, offset, id),
		zap.String("error", errorText(err)))
}

func (r *records) givenUp(items []int, err error) {
	object, offset := r.locate(r.all()[items[0]].uid())
	r.log.Error("the pipeline refused a batch permanently, its records are dropped",
		zap.Int("records", len(items)), zap.String("first_object", object), zap.Int64("first_byte", offset), zap.String("error", errorText(err)))
}
