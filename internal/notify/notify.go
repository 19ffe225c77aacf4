// Package notify parses the messages by which Amazon S3, and compatible servers,
// announce created objects. It is independent of queues: bytes in, objects out. Results
// share no memory with the message. Parse is safe for concurrent use.
//
//	message --+-- {"Type":"Notification","Message":"..."}   SNS: its Message is parsed
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

// ErrUnknown means that a message is none of those above, or one of them without a
// required field. The caller must not treat the message as done: it may be for another
// consumer, or name an object that would be lost.
var ErrUnknown = errors.New("not a notification of Amazon S3")

// MaxSize is the maximum size of a message in bytes: SQS accepts none above 1 MiB.
const MaxSize = 1 << 20

// Message is the content of a message.
type Message struct {
	Objects []Object // that were created, in the order of the message
	Ignored int      // events that are not the creation of an object
	Test    bool     // it is S3's test event, which names no object
}

// Object is an object that was created. Bucket and Key are never empty; events may
// leave out the other fields.
type Object struct {
	Bucket    string
	Key       string // decoded
	Size      int64  // bytes; -1 when unknown
	ETag      string // without quotes
	VersionID string // of buckets with versioning
	Sequencer string // hexadecimal; orders the events of one key
}

// document holds the fields of all envelopes, so that a message is decoded once. JSON
// names must be unique: encoding/json ignores a name that two of the structs have.
type document struct {
	snsFields
	s3Fields
	eventBridgeFields
	testFields
}

// wrappers are the kinds of messages that hold another one as text. Each returns false
// when a message is of another kind.
var wrappers = []struct {
	name string
	text func(*document) (text string, ok bool)
}{
	{"an SNS notification", (*document).sns},
}

// envelopes are the kinds of messages that name objects. Each returns false when a message is of another
// kind, and an error when it is of its kind but cannot be used.
var envelopes = []func(*document) (Message, bool, error){
	(*document).s3,
	(*document).eventBridge,
	(*document).testEvent,
}

// Parse parses a message. Its errors wrap ErrUnknown and say what is wrong on one line,
// without the text of the message.
func Parse(body []byte) (Message, error) {
	doc, err := decode(body)
	if err != nil {
		return Message{}, err
	}
	text, around := doc.wrapped()
	if around != "" {
		if doc, err = decode([]byte(text)); err != nil {
			return Message{}, fmt.Errorf("%w (inside %s)", err, around)
		}
		if _, again := doc.wrapped(); again != "" {
			return Message{}, unknown(again + " inside another one") // SNS cannot subscribe to itself
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

// wrapped returns the text that a message holds, and the name of the wrapper; "" when
// it is none.
func (d *document) wrapped() (text, name string) {
	for _, w := range wrappers {
		if text, ok := w.text(d); ok {
			return text, w.name
		}
	}
	return "", ""
}

func decode(body []byte) (*document, error) {
	switch {
	case len(body) > MaxSize:
		return nil, unknown("larger than 1 MiB")
	case !utf8.Valid(body):
		// Decoding would replace invalid bytes, which would name a different object.
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
