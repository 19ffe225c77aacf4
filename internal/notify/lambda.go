package notify

import "encoding/json"

// lambdaFields are those of what a function's destination gets, as in "Invocation
// records" of the Lambda Developer Guide.
type lambdaFields struct {
	RequestPayload json.RawMessage `json:"requestPayload"`
}

// lambda returns the event that a Lambda function was invoked with. With EventBridge
// between, the detail of an event has it.
func (d *document) lambda() (payload []byte, ok bool) {
	switch {
	case d.RequestPayload != nil:
		return d.RequestPayload, true
	case d.Detail != nil && d.Detail.RequestPayload != nil:
		return d.Detail.RequestPayload, true
	}
	return nil, false
}
