package s3io

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

// QueueBatch is how many messages one call to SQS takes or gives at most.
const QueueBatch = 10

// Message is a message that was received.
type Message struct {
	ID       string // the same each time the message is received
	Receipt  string // of this time
	Body     string
	Receives int // how often it was received, this time included; approximate
}

// Receive says what to receive.
type Receive struct {
	Max        int           // messages, 1 to QueueBatch
	Wait       time.Duration // for the first message, whole seconds up to 20 s
	Visibility time.Duration // visibility timeout of the messages, whole seconds
}

// Visibility is a message's new visibility timeout, from now on, in whole seconds. 0
// makes it visible at once.
type Visibility struct {
	Receipt string
	For     time.Duration
}

// Queue is an SQS queue. It is safe for concurrent use.
type Queue struct {
	api    *sqs.Client
	access access
	url    string
	region string // in url; "" if it has none
	arn    string
}

// NewQueue prepares access to a queue. Its URL gives the endpoint and, unless
// cfg.Region is set, the region; at a host of AWS without a known one, cfg.Region is
// required. It uses only cfg's region and credentials settings.
// It does not use the network; an error means that a setting is wrong.
func NewQueue(ctx context.Context, queueURL string, cfg Config) (*Queue, error) {
	at, err := parseQueueURL(queueURL)
	if err == nil {
		err = at.checkRegion(cfg.Region)
	}
	if err != nil {
		return nil, fmt.Errorf("`queue::url` %w", err)
	}
	if cfg.Region == "" {
		cfg.Region = at.region
	}
	access, err := newAccess(ctx, &cfg, &Deps{})
	if err != nil {
		return nil, err
	}
	return &Queue{
		api:    sqs.NewFromConfig(access.sdk, sqs.WithAPIOptions(checkBody(jsonObject)), func(o *sqs.Options) { o.BaseEndpoint = &at.endpoint }),
		access: access, url: queueURL, region: at.region,
		arn: "arn:" + access.partition() + ":sqs:" + access.region() + ":" + at.account + ":" + at.name,
	}, nil
}

// Close closes the connections that no call uses.
func (q *Queue) Close() { q.access.close() }

// Receive waits for messages; it may return none. Errors wrap those of packages source
// and s3io. An error beside messages is about other messages, which cannot be used.
func (q *Queue) Receive(ctx context.Context, in Receive) ([]Message, error) {
	out, err := q.api.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
		QueueUrl:                    &q.url,
		MaxNumberOfMessages:         int32(in.Max),
		WaitTimeSeconds:             wholeSeconds(in.Wait),
		VisibilityTimeout:           wholeSeconds(in.Visibility),
		MessageSystemAttributeNames: []types.MessageSystemAttributeName{types.MessageSystemAttributeNameApproximateReceiveCount},
	})
	if err != nil {
		return nil, q.explain(ctx, "sqs:ReceiveMessage", err)
	}
	messages := make([]Message, 0, len(out.Messages))
	for i := range out.Messages {
		m := &out.Messages[i]
		if value(m.MessageId) == "" || value(m.ReceiptHandle) == "" { // it could not be deleted
			err = q.fail("a message has no MessageId or no ReceiptHandle", hintQueue, source.ErrUnreachable)
			continue
		}
		receives, uncounted := strconv.Atoi(m.Attributes[string(types.MessageSystemAttributeNameApproximateReceiveCount)])
		if uncounted != nil {
			receives = 1 // a server without the count
		}
		messages = append(messages, Message{ID: *m.MessageId, Receipt: *m.ReceiptHandle, Body: value(m.Body), Receives: receives})
	}
	return messages, err
}

// Delete deletes up to QueueBatch messages. It returns an error for each, nil for a
// deleted one, or one error for the whole call.
func (q *Queue) Delete(ctx context.Context, receipts []string) ([]error, error) {
	const action = "sqs:DeleteMessage"
	ids := make([]string, len(receipts))
	entries := make([]types.DeleteMessageBatchRequestEntry, len(receipts))
	for i := range receipts {
		ids[i] = entryID("delete", i, receipts[i])
		entries[i] = types.DeleteMessageBatchRequestEntry{Id: &ids[i], ReceiptHandle: &receipts[i]}
	}
	out, err := q.api.DeleteMessageBatch(ctx, &sqs.DeleteMessageBatchInput{QueueUrl: &q.url, Entries: entries})
	if err != nil {
		return nil, q.explain(ctx, action, err)
	}
	deleted := make([]string, len(out.Successful))
	for i := range out.Successful {
		deleted[i] = value(out.Successful[i].Id)
	}
	return q.entryErrors(action, ids, deleted, out.Failed), nil
}

// SetVisibility sets the visibility of up to QueueBatch messages. Its results are like
// those of Delete.
func (q *Queue) SetVisibility(ctx context.Context, of []Visibility) ([]error, error) {
	const action = "sqs:ChangeMessageVisibility"
	ids := make([]string, len(of))
	entries := make([]types.ChangeMessageVisibilityBatchRequestEntry, len(of))
	for i := range of {
		ids[i] = entryID("change", i, of[i].Receipt)
		entries[i] = types.ChangeMessageVisibilityBatchRequestEntry{
			Id: &ids[i], ReceiptHandle: &of[i].Receipt, VisibilityTimeout: wholeSeconds(of[i].For),
		}
	}
	out, err := q.api.ChangeMessageVisibilityBatch(ctx, &sqs.ChangeMessageVisibilityBatchInput{QueueUrl: &q.url, Entries: entries})
	if err != nil {
		return nil, q.explain(ctx, action, err)
	}
	changed := make([]string, len(out.Successful))
	for i := range out.Successful {
		changed[i] = value(out.Successful[i].Id)
	}
	return q.entryErrors(action, ids, changed, out.Failed), nil
}

// Depth is how many messages a queue has, about.
type Depth struct {
	Visible, Delayed int64 // not received yet
	InFlight         int64 // received and not deleted
}

// Depth returns how many messages the queue has.
func (q *Queue) Depth(ctx context.Context) (d Depth, err error) {
	of := map[types.QueueAttributeName]*int64{
		types.QueueAttributeNameApproximateNumberOfMessages:           &d.Visible,
		types.QueueAttributeNameApproximateNumberOfMessagesDelayed:    &d.Delayed,
		types.QueueAttributeNameApproximateNumberOfMessagesNotVisible: &d.InFlight,
	}
	out, err := q.api.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{
		QueueUrl: &q.url, AttributeNames: slices.Sorted(maps.Keys(of)),
	})
	if err != nil {
		return d, q.explain(ctx, "sqs:GetQueueAttributes", err)
	}
	for name, n := range of {
		text, has := out.Attributes[string(name)]
		switch *n, err = strconv.ParseInt(text, 10, 64); {
		case !has && name == types.QueueAttributeNameApproximateNumberOfMessagesDelayed: // some servers leave it out
		case err != nil || *n < 0:
			return Depth{}, q.fail(fmt.Sprintf("%s is %s: it is not a number of messages", name, brief(text)), hintQueue, source.ErrUnreachable)
		}
	}
	return d, nil
}

// MaxReceives returns how often the queue delivers a message before it moves it to a
// dead-letter queue; 0 means there is none.
func (q *Queue) MaxReceives(ctx context.Context) (int, error) {
	out, err := q.api.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{
		QueueUrl: &q.url, AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameRedrivePolicy},
	})
	if err != nil {
		return 0, q.explain(ctx, "sqs:GetQueueAttributes", err)
	}
	text := out.Attributes[string(types.QueueAttributeNameRedrivePolicy)]
	if text == "" {
		return 0, nil
	}
	// It is returned as it was set: as a number, or as a string.
	var policy struct {
		Max json.RawMessage `json:"maxReceiveCount"`
	}
	if err := json.Unmarshal([]byte(text), &policy); err != nil {
		return 0, fmt.Errorf("redrive policy of %s: %w", q.url, err)
	}
	most, err := strconv.Atoi(strings.Trim(string(policy.Max), `"`))
	if err != nil {
		return 0, fmt.Errorf("redrive policy of %s: maxReceiveCount %s is not a number", q.url, brief(string(policy.Max)))
	}
	return most, nil
}

func wholeSeconds(d time.Duration) int32 { return int32(d / time.Second) }
