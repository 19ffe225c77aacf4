package fakesqs

import (
	"math"
	"net/http"
)

// Fault is what requests meet instead of the queue.
type Fault struct {
	Status  int
	Code    string // without namespace, such as "AccessDeniedException"
	Message string
	// Entry: the request succeeds, but its entries fail with Code or, without
	// one, are left out of the answer. For batches only.
	Entry bool
	// Of narrows Entry to the messages with this body; "" means all.
	Of string
	// Lost: the request is done, and its answer is Status. So a message may be
	// in flight that nobody has.
	Lost bool

	left int // requests still to meet it
}

// Always is the number of requests for a fault that stays.
const Always = math.MaxInt

// Ready-made faults.
var (
	Unavailable  = Fault{Status: http.StatusServiceUnavailable, Code: "ServiceUnavailable", Message: "try again"}
	Throttled    = Fault{Status: http.StatusBadRequest, Code: "ThrottlingException", Message: "Rate exceeded"}
	Denied       = Fault{Status: http.StatusForbidden, Code: "AccessDeniedException", Message: "User is not authorized to perform this"}
	BadReceipt   = Fault{Code: "ReceiptHandleIsInvalid", Message: "The receipt handle has expired", Entry: true}
	NotInFlight  = Fault{Code: "AWS.SimpleQueueService.MessageNotInflight", Message: "The specified message isn't in flight.", Entry: true}
	StaleReceipt = Fault{Code: "InvalidParameterValue", Message: "Value r for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired.", Entry: true}
	EntryFailure = Fault{Code: "InternalError", Message: "try again", Entry: true}
	EntryDenied  = Fault{Code: "AccessDenied", Message: "User is not authorized to perform this", Entry: true}
	EntryMissing = Fault{Entry: true}
)

// Fail lets the next n requests of an action meet a fault. Faults of an action
// queue up behind each other.
func (s *Server) Fail(action string, n int, f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f.left = n
	s.faults[action] = append(s.faults[action], &f)
}

// Heal removes the faults of an action.
func (s *Server) Heal(action string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.faults, action)
}

// meets reports whether the fault is that of an entry of this message.
func (f *Fault) meets(m *message) bool {
	return f != nil && f.Entry && (f.Of == "" || m != nil && m.body == f.Of)
}

// takeFault returns what a request meets, nil: nothing.
func (s *Server) takeFault(action string) *Fault {
	queued := s.faults[action]
	if len(queued) == 0 {
		return nil
	}
	f := queued[0]
	if f.left--; f.left == 0 {
		s.faults[action] = queued[1:]
	}
	return f
}

// fault is an error of the protocol.
type fault struct {
	status  int
	code    string // with the namespace of the protocol
	message string
	query   string // the code of the older protocol, which the SDK reports; "": none
}

func invalidHandle() *fault {
	return &fault{http.StatusBadRequest, "com.amazonaws.sqs#ReceiptHandleIsInvalid", "The input receipt handle is invalid.", "ReceiptHandleIsInvalid"}
}

func badParameter(message string) *fault {
	return &fault{http.StatusBadRequest, "com.amazonaws.sqs#InvalidParameterValueException", message, "InvalidParameterValue"}
}
