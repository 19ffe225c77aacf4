package s3accesslogsreceiver

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/s3io"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source/queue"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/fakesqs"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/s3test"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/samplelogs"
)

// gate is a consumer that accepts nothing until it is open.
type gate struct {
	*consumertest.LogsSink
	open atomic.Bool
}

func (g *gate) ConsumeLogs(ctx context.Context, logs plog.Logs) error {
	if !g.open.Load() {
		return errors.New("closed")
	}
	return g.LogsSink.ConsumeLogs(ctx, logs)
}

func TestStartupOfAQueue(t *testing.T) {
	server := s3test.Start(t)
	server.SetEnv(t)
	server.CreateBucket(t, "logs")
	records := samplelogs.Records(64, 20)
	server.Put(t, "logs", startupKey, []byte(strings.Join(records, "\n")+"\n"))
	const (
		arn    = "arn:aws:sqs:us-east-1:111122223333:access-logs"
		queued = "/111122223333/access-logs: "
	)
	for i, c := range []struct {
		name   string
		action string // meets fault
		fault  fakesqs.Fault
		get    refusal
		absent bool // the queue comes later
		closed bool // nothing is accepted at first, so that the message is kept
		says   []string
	}{
		{
			name: "no sqs:ReceiveMessage", action: "ReceiveMessage", fault: fakesqs.Denied,
			says: []string{"finding objects: access denied: ", queued, "allow sqs:ReceiveMessage on " + arn},
		},
		{
			name: "no sqs:DeleteMessage", action: "DeleteMessageBatch", fault: fakesqs.Denied,
			says: []string{"access denied: ", queued, "allow sqs:DeleteMessage on " + arn},
		},
		{
			name: "no sqs:ChangeMessageVisibility", action: "ChangeMessageVisibilityBatch", fault: fakesqs.Denied, closed: true,
			says: []string{"access denied: ", queued, "allow sqs:ChangeMessageVisibility on " + arn},
		},
		{
			name: "no sqs:DeleteMessage, told of the message", action: "DeleteMessageBatch", fault: fakesqs.EntryDenied,
			says: []string{"deleting and renewing messages: access denied: ", queued, "allow sqs:DeleteMessage on " + arn},
		},
		{
			name: "no sqs:ChangeMessageVisibility, told of the message", action: "ChangeMessageVisibilityBatch", fault: fakesqs.EntryDenied, closed: true,
			says: []string{"deleting and renewing messages: access denied: ", queued, "allow sqs:ChangeMessageVisibility on " + arn},
		},
		{
			name: "answers without the message", action: "DeleteMessageBatch", fault: fakesqs.EntryMissing,
			says: []string{"deleting and renewing messages: storage is out of reach: ", queued, "the answer to sqs:DeleteMessage does not tell"},
		},
		{
			name: "no kms:Decrypt", action: "ReceiveMessage", fault: fakesqs.Fault{Status: http.StatusBadRequest, Code: "KmsAccessDenied", Message: "not authorized"},
			says: []string{"access denied: ", queued, "allow kms:Decrypt on the KMS key that encrypts the queue"},
		},
		{
			name: "another region", action: "ReceiveMessage",
			fault: fakesqs.Fault{Status: http.StatusForbidden, Code: "InvalidSignatureException", Message: "Credential should be scoped to a valid region."},
			says:  []string{"wrong region: ", queued, "set aws.region to the queue's region (now us-east-1)"},
		},
		{
			name: "no such queue", absent: true,
			says: []string{"no such queue: ", queued, "check the region, the account and the name in queue.url (us-east-1 was asked)"},
		},
		{
			name: "no s3:GetObject", get: refusal{http.StatusForbidden, "AccessDenied", "Access Denied", ""},
			says: []string{"reading objects: access denied: s3://logs/" + startupKey, "allow s3:GetObject on arn:aws:s3:::logs/*"},
		},
		{
			name: "bucket in another region", get: refusal{http.StatusMovedPermanently, "PermanentRedirect", "use another endpoint", "eu-central-1"},
			says: []string{"wrong region: s3://logs/" + startupKey, "set aws.region to eu-central-1 (now us-east-1)"},
		},
		{
			name: "bucket that is gone", get: refusal{http.StatusNotFound, "NoSuchBucket", "The specified bucket does not exist.", ""},
			says: []string{"reading objects: no such bucket: s3://logs/" + startupKey, "it was deleted, or it is not on the server at aws.endpoint"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			sqs := fakesqs.Start()
			t.Cleanup(sqs.Close)
			if c.action != "" {
				sqs.Fail(c.action, fakesqs.Always, c.fault)
			}
			var remote *fakesqs.Queue
			announce := func() {
				remote = sqs.CreateQueue("access-logs", fakesqs.Settings{})
				remote.Send(`{"Records":[{"eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"logs"},"object":{"key":"` + startupKey + `"}}}]}`)
			}
			if !c.absent {
				announce()
			}
			s3 := newFront(t, server.Endpoint)
			s3.refuse(refusal{}, c.get)
			cfg := createDefaultConfig().(*Config)
			cfg.AWS = s3io.Config{Endpoint: s3.URL, ForcePathStyle: true}
			cfg.Retry.MaxInterval = time.Second
			cfg.Queue = configoptional.Some(queue.Config{
				URL: sqs.URL + "/111122223333/access-logs", VisibilityTimeout: 10 * time.Second, WaitTime: time.Second, Remember: time.Hour,
			})
			sink := &gate{LogsSink: new(consumertest.LogsSink)}
			sink.open.Store(!c.closed)
			r := startNamed(t, fmt.Sprintf("queue-%d", i), cfg, sink)
			r.awaitTrouble(t, c.says...)

			s3.refuse(refusal{}, refusal{})
			sink.open.Store(true)
			sqs.Heal(c.action)
			if c.absent {
				announce()
			}
			if c.get.status != 0 { // a message that is returned comes again after a while
				require.Eventually(t, func() bool { return remote.Stats().Changes > 0 }, waitLimit, 10*time.Millisecond)
				sqs.Advance(time.Minute)
			}
			r.awaitRecovery(t, sink.LogsSink, records)
		})
	}
}
