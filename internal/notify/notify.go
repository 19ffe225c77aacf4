// Package notify reads the messages by which Amazon S3, and servers like it,
// tell that objects were created. It knows nothing of queues: bytes in, objects
// out. What it returns shares no memory with the message. Parse is safe for
// concurrent use.
//
//	message --+-- {"Type":"Notification","Message":"..."}   SNS: once more, with the text inside
//	          +-- {"Records":[...]}                         S3, also MinIO and Ceph
//	          +-- {"source":"aws.s3","detail":{...}}        EventBridge
//	          +-- {"Event":"s3:TestEvent",...}              sent once when S3 is configured
//	          +-- anything else                             ErrUnknown
package notify

import (
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"
)

// ErrUnknown means that a message is none of those above, or one of them that
// does not say what it has to. Whoever sees it must not take the message for
// done: it may be somebody else's, or name an object that would be lost.
var ErrUnknown = errors.New("not a notification of Amazon S3")

// MaxSize is the size in bytes above which a message is not looked at: SQS
// takes none above 1 MiB.
const MaxSize = 1 << 20

// Message is what a message tells.
type Message struct {
	Objects []Object // that were created, in the order of the message
	Ignored int      // events that are not the creation of an object
	Test    bool     // it is S3's test event: there is nothing to do for it
}

// Object is an object that was created. Bucket and Key are never empty; events
// may leave out all others.
type Object struct {
	Bucket    string
	Key       string // decoded
	Size      int64  // bytes; -1 when unknown
	ETag      string // without quotes
	VersionID string // of buckets with versioning
	Sequencer string // hexadecimal; orders the events of one key
}

// document holds the fields of all envelopes, so that a message is decoded once.
type document struct {
	snsFields
	s3Fields
	eventBridgeFields
	testFields
}

// envelopes are the kinds of messages there are. Each returns false when a
// message is not of its kind, and an error when it is but cannot be used.
var envelopes = []func(*document) (Message, bool, error){
	(*document).s3,
	(*document).eventBridge,
	(*document).testEvent,
}

// Parse reads a message. Its errors wrap ErrUnknown and say what is wrong on
// one line, without the text of the message.
func Parse(body []byte) (Message, error) {
	doc, err := decode(body)
	if err != nil {
		return Message{}, err
	}
	if inner, ok := doc.sns(); ok {
		if doc, err = decode([]byte(inner)); err != nil {
			return Message{}, fmt.Errorf("%w (inside an SNS notification)", err)
		}
		// One more would be a subscription of SNS to itself, which there is not.
		if _, ok := doc.sns(); ok {
			return Message{}, unknown("an SNS notification inside another one")
		}
	}
	for _, read := range envelopes {
		m, ok, err := read(doc)
		if err != nil {
			return Message{}, err
		}
		if ok {
			return m, nil
		}
	}
	return Message{}, unknown("a JSON object of another kind")
}

func decode(body []byte) (*document, error) {
	switch {
	case len(body) > MaxSize:
		return nil, unknown("larger than 1 MiB")
	case !utf8.Valid(body):
		// Decoding would replace what is invalid, and so name another object.
		return nil, unknown("not UTF-8")
	}
	doc := new(document)
	if err := json.Unmarshal(body, doc); err != nil {
		var mismatch *json.UnmarshalTypeError
		if errors.As(err, &mismatch) {
			return nil, unknown("not the JSON of one: a " + mismatch.Value + " where there should be none")
		}
		return nil, unknown("not JSON")
	}
	return doc, nil
}

func unknown(why string) error { return fmt.Errorf("%w: %s", ErrUnknown, why) }
