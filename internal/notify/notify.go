// Package notify parses the messages by which Amazon S3, and compatible servers,
// announce created objects. It is independent of queues: bytes in, objects out. Results
// share no memory with the message. Parse is safe for concurrent use.
//
//	message --+-- {"Type":"Notification","Message":"..."}   SNS: its Message is parsed
//	          +-- {"Records":[{"Sns":{"Message":"..."}}]}   likewise, as a Lambda function gets it
//	          +-- {"requestPayload":{...}}                  Lambda's destination: so is its payload,
//	          +-- {"detail":{"requestPayload":{...}}}         also through EventBridge
//	          +-- {"Records":[...]}                         S3, also MinIO and Ceph
//	          +-- {"source":"aws.s3","detail":{...}}        EventBridge
//	          +-- {"bucket":{...},"object":{...}}           the detail of that alone
//	          +-- {"Event":"s3:TestEvent",...}              sent once when S3 is configured
//	          +-- anything else                             ErrUnknown
package notify

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// ErrUnknown means that a message is none of those above, or one of them without a
// required field. The caller must not treat the message as done: it may be for another
// consumer, or name an object that would be lost.
var ErrUnknown = errors.New("not a notification of Amazon S3")

// MaxSize is the maximum size of a message in bytes: SQS accepts none above 1 MiB.
const MaxSize = 1 << 20

// maxDepth is how many wrappers may be around an event.
const maxDepth = 3

// Message is the content of a message.
type Message struct {
	Objects []Object // that were created, in the order of the message
	Ignored int      // events that are not the creation of an object
	Test    bool     // it is S3's test event, which names no object
	Empty   bool     // its list of events is empty
	// Unread is why some of its events cannot be read, although others can; nil when all
	// were. It wraps ErrUnknown, and forbids to treat the message as done as well.
	Unread error
}

// Object is an object that was created. Bucket and Key are never empty; events may
// leave out the other fields.
type Object struct {
	Bucket    string
	Key       string // decoded
	Size      int64  // bytes; -1 when unknown
	ETag      string // without quotes; "" also when no ETag can be it
	VersionID string // of buckets with versioning
	Sequencer string // hexadecimal; orders the events of one key
	Region    string // of the bucket, as the event has it; not checked
	AccountID string // of the bucket, in EventBridge's events; "" for what is no account id
}

// document holds the fields of all envelopes, so that a message is decoded once. JSON
// names must be unique: encoding/json ignores a name that two of the structs have.
type document struct {
	body []byte
	snsFields
	lambdaFields
	s3Fields
	eventBridgeFields
	testFields
}

// wrappers are the kinds of messages that hold another one. Each returns false when a
// message is of another kind.
var wrappers = []struct {
	name  string
	inner func(*document) (inner []byte, ok bool)
}{
	{"an SNS notification", (*document).sns},
	{"an SNS notification", (*document).snsOfLambda},
	{"the result of a Lambda function", (*document).lambda},
}

// envelopes are the kinds of messages that name objects. Each returns false when a message is of another
// kind, and an error when it is of its kind but cannot be used.
var envelopes = []func(*document) (Message, bool, error){
	(*document).records,
	(*document).eventBridge,
	(*document).testEvent,
	(*document).detailAlone,
}

// Parse parses a message. Its errors wrap ErrUnknown and say what is wrong on one line,
// without the text of the message.
func Parse(body []byte) (Message, error) {
	doc, err := decode(body)
	if err != nil {
		return Message{}, err
	}
	inner, around := doc.wrapped()
	outermost := around // what the queue shows
	for depth := 1; around != ""; depth++ {
		if depth > maxDepth {
			return Message{}, unknown(fmt.Sprintf("more than %d messages around one another", maxDepth))
		}
		if doc, err = decode(inner); err != nil {
			return Message{}, fmt.Errorf("%w (inside %s)", err, outermost)
		}
		inner, around = doc.wrapped()
	}
	for _, read := range envelopes {
		if m, ok, err := read(doc); ok {
			return m, err
		}
	}
	return Message{}, unknown("a JSON object of another kind")
}

// wrapped returns what a message holds, and the name of the wrapper; "" when it is none.
func (d *document) wrapped() (inner []byte, name string) {
	for _, w := range wrappers {
		if inner, ok := w.inner(d); ok {
			return inner, w.name
		}
	}
	return nil, ""
}

func decode(body []byte) (*document, error) {
	switch {
	case len(body) > MaxSize:
		return nil, unknown("larger than 1 MiB")
	case !utf8.Valid(body):
		// Decoding would replace invalid bytes, which would name a different object.
		return nil, unknown("not UTF-8")
	}
	doc := &document{body: body}
	if err := json.Unmarshal(body, doc); err != nil {
		var mismatch *json.UnmarshalTypeError
		if errors.As(err, &mismatch) && doc.decodeRecords() {
			return doc, nil
		}
		return nil, undecodable(err)
	}
	return doc, nil
}

// undecodable is the error for what encoding/json does not decode.
func undecodable(err error) error {
	var mismatch *json.UnmarshalTypeError
	if errors.As(err, &mismatch) {
		kind, _, _ := strings.Cut(mismatch.Value, " ") // a number's value follows
		return unknown("not the JSON of one: a " + kind + " where there should be none")
	}
	return unknown("not JSON")
}

func unknown(why string) error { return fmt.Errorf("%w: %s", ErrUnknown, why) }
