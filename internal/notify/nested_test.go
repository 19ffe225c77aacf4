package notify

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// layer is a way in which one message gets around another.
type layer struct {
	name string
	wrap func(inner string) string
	none bool // it adds nothing, as SNS with raw message delivery
}

func quoted(text string) string {
	body, err := json.Marshal(text)
	if err != nil {
		panic(err)
	}
	return string(body)
}

var layers = []layer{
	{"SNS", func(inner string) string {
		return `{"Type":"Notification","MessageId":"22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324","TopicArn":"arn:aws:sns:us-east-1:111122223333:logs",` +
			`"Subject":"Amazon S3 Notification","Message":` + quoted(inner) + `,"Timestamp":"2026-01-31T12:34:56.789Z","SignatureVersion":"1"}`
	}, false},
	{"SNS, raw", func(inner string) string { return inner }, true},
	{"SNS to Lambda", func(inner string) string {
		return `{"Records":[{"EventSource":"aws:sns","EventVersion":"1.0","EventSubscriptionArn":"arn:aws:sns:us-east-1:111122223333:logs:1",` +
			`"Sns":{"Type":"Notification","MessageId":"1","TopicArn":"arn:aws:sns:us-east-1:111122223333:logs","Message":` + quoted(inner) + `}}]}`
	}, false},
	{"Lambda", lambdaResult, false},
	{"Lambda to EventBridge", func(inner string) string {
		return `{"version":"0","id":"1","detail-type":"Lambda Function Invocation Result - Success","source":"lambda","account":"111122223333",` +
			`"time":"2026-01-31T12:34:56Z","region":"us-east-1","resources":[],"detail":` + lambdaResult(inner) + `}`
	}, false},
}

// lambdaResult is what Lambda sends to a destination, whose payload is JSON.
func lambdaResult(inner string) string {
	return `{"version":"1.0","timestamp":"2026-01-31T12:34:56.789Z",` +
		`"requestContext":{"requestId":"1","functionArn":"arn:aws:lambda:us-east-1:111122223333:function:f:$LATEST","condition":"Success","approximateInvokeCount":1},` +
		`"requestPayload":` + inner + `,"responseContext":{"statusCode":200,"executedVersion":"$LATEST"},"responsePayload":null}`
}

// combinations are all sequences of up to depth layers, outermost first.
func combinations(depth int) (all [][]layer) {
	all = [][]layer{nil}
	for last := all; depth > 0; depth-- {
		var longer [][]layer
		for _, before := range last {
			for _, l := range layers {
				longer = append(longer, append(before[:len(before):len(before)], l))
			}
		}
		all, last = append(all, longer...), longer
	}
	return all
}

// wrapped puts the layers around a message. around counts those that add something.
func wrapped(combination []layer, inner string) (body, name string, around int) {
	body = inner
	names := make([]string, len(combination))
	for i := len(combination) - 1; i >= 0; i-- {
		body = combination[i].wrap(body)
		names[i] = combination[i].name
		if !combination[i].none {
			around++
		}
	}
	return body, strings.Join(names, " > "), around
}

// detail is what the input path $.detail leaves of an event.
func detail(t *testing.T, name string) string {
	t.Helper()
	var event struct{ Detail json.RawMessage }
	require.NoError(t, json.Unmarshal(sample(t, name), &event))
	return string(event.Detail)
}

func TestEveryCombinationOfEnvelopesIsRead(t *testing.T) {
	alone := bridged
	alone.Region, alone.AccountID = "", ""
	events := map[string]Message{
		`{"Records":[{},{"eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"b"},"object":{"key":"k"}}}]}`: {
			Objects: []Object{{Bucket: "b", Key: "k", Size: -1}}, Unread: unknown("Records that are not those of S3"),
		},
		detail(t, "eventbridge"):         {Objects: []Object{alone}},
		detail(t, "eventbridge-deleted"): {Ignored: 1},
	}
	for name, want := range known {
		if !strings.HasPrefix(name, "sns-") {
			events[string(sample(t, name))] = want
		}
	}
	tried := 0
	for _, combination := range combinations(maxDepth + 1) {
		for event, want := range events {
			body, name, around := wrapped(combination, event)
			got, err := Parse([]byte(body))
			tried++
			if around > maxDepth {
				require.ErrorIs(t, err, ErrUnknown, name)
				continue
			}
			require.NoError(t, err, name+": "+event)
			require.Equal(t, want, got, name+": "+event)
		}
	}
	t.Log(tried, "messages")
	assert.Greater(t, tried, 5000)
}

func TestNoCombinationOfEnvelopesHidesWhatIsUnknown(t *testing.T) {
	for _, combination := range combinations(maxDepth) {
		for name := range others {
			inner := string(sample(t, name))
			if !json.Valid([]byte(inner)) {
				continue // what Lambda sends is JSON
			}
			body, how, _ := wrapped(combination, inner)
			m, err := Parse([]byte(body))
			require.ErrorIs(t, err, ErrUnknown, how+": "+name)
			require.Zero(t, m)
			require.Less(t, len(err.Error()), 200)
		}
	}
}

// The detail of an event alone does not say what happened in so many words.
func TestDetailAloneIsReadUnlessItTellsAnotherEvent(t *testing.T) {
	for member, created := range map[string]bool{
		`"reason":"PutObject"`: true, `"reason":"POST Object"`: true, `"reason":"CopyObject"`: true, `"reason":"CompleteMultipartUpload"`: true,
		`"reason":"of tomorrow"`: true, `"version":"0"`: true,
		`"reason":"DeleteObject","deletion-type":"Permanently Deleted"`: false,
		`"reason":"Lifecycle Expiration"`:                               false, `"deletion-type":"Delete Marker Created"`: false,
		`"restore-expiry-time":"2026-02-01T00:00:00Z","source-storage-class":"GLACIER"`: false, `"source-storage-class":"GLACIER"`: false,
		`"destination-storage-class":"GLACIER"`: false, `"destination-access-tier":"ARCHIVE_ACCESS"`: false,
	} {
		m, err := Parse([]byte(`{"bucket":{"name":"b"},"object":{"key":"k","etag":"e"},"request-id":"r",` + member + `}`))
		require.NoError(t, err, member)
		if created {
			assert.Equal(t, Message{Objects: []Object{{Bucket: "b", Key: "k", Size: -1, ETag: "e"}}}, m, member)
		} else {
			assert.Equal(t, Message{Ignored: 1}, m, member)
		}
	}
}
