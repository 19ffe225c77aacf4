package fakesqs

import (
	"crypto/md5" // the protocol's checksum of a body
	"encoding/hex"
	"encoding/json"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"
)

// request holds the fields of all actions.
type request struct {
	QueueURL          string `json:"QueueUrl"`
	MessageBody       string `json:"MessageBody"`
	MaxMessages       *int   `json:"MaxNumberOfMessages"`
	WaitSeconds       int    `json:"WaitTimeSeconds"`
	VisibilitySeconds *int   `json:"VisibilityTimeout"`
	ReceiptHandle     string `json:"ReceiptHandle"`
	// Both names, since the first one is deprecated and still used.
	AttributeNames       []string `json:"AttributeNames"`
	SystemAttributeNames []string `json:"MessageSystemAttributeNames"`

	Entries []entry `json:"Entries"`
}

type entry struct {
	ID                string `json:"Id"`
	ReceiptHandle     string `json:"ReceiptHandle"`
	VisibilitySeconds *int   `json:"VisibilityTimeout"`
	MessageBody       string `json:"MessageBody"`
}

type fields map[string]any

// ServeHTTP implements http.Handler: one action of the JSON protocol.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	action := strings.TrimPrefix(r.Header.Get("X-Amz-Target"), "AmazonSQS.")
	var in request
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		refuse(w, &fault{http.StatusBadRequest, "com.amazonaws.sqs#SerializationException", err.Error(), ""})
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls[action]++
	injected := s.takeFault(action)
	if injected != nil && !injected.Entry && !injected.Lost {
		refuse(w, injected.answer())
		return
	}
	q := s.queues[path.Base(in.QueueURL)]
	if q == nil {
		refuse(w, &fault{
			http.StatusBadRequest, "com.amazonaws.sqs#QueueDoesNotExist",
			"The specified queue does not exist.", "AWS.SimpleQueueService.NonExistentQueue",
		})
		return
	}
	out, failure := q.do(r, action, &in, injected)
	switch {
	case failure != nil:
		refuse(w, failure)
	case injected != nil && injected.Lost:
		refuse(w, injected.answer())
	default:
		answer(w, http.StatusOK, out)
	}
}

func (f *Fault) answer() *fault {
	return &fault{f.Status, "com.amazonaws.sqs#" + f.Code, f.Message, ""}
}

// do carries an action out. The server is locked, save while a receive waits.
func (q *Queue) do(r *http.Request, action string, in *request, injected *Fault) (fields, *fault) {
	switch action {
	case "SendMessage":
		return fields{"MessageId": q.send(in.MessageBody), "MD5OfMessageBody": checksum(in.MessageBody)}, nil
	case "SendMessageBatch":
		return q.batch(in, nil, func(e entry) *fault { q.send(e.MessageBody); return nil })
	case "ReceiveMessage":
		return q.serveReceive(r, in)
	case "DeleteMessage":
		return fields{}, q.remove(in.ReceiptHandle)
	case "DeleteMessageBatch":
		return q.batch(in, injected, func(e entry) *fault { return q.remove(e.ReceiptHandle) })
	case "ChangeMessageVisibility":
		return fields{}, q.change(in.ReceiptHandle, seconds(in.VisibilitySeconds))
	case "ChangeMessageVisibilityBatch":
		return q.batch(in, injected, func(e entry) *fault { return q.change(e.ReceiptHandle, seconds(e.VisibilitySeconds)) })
	case "GetQueueAttributes":
		return fields{"Attributes": q.attributes()}, nil
	default:
		return nil, &fault{http.StatusBadRequest, "com.amazonaws.sqs#InvalidAction", action + " is not supported", ""}
	}
}

// serveReceive waits until a message is visible, for WaitTimeSeconds at most.
func (q *Queue) serveReceive(r *http.Request, in *request) (fields, *fault) {
	most, visibility := 1, q.set.Visibility
	if in.MaxMessages != nil {
		most = *in.MaxMessages
	}
	if in.VisibilitySeconds != nil {
		visibility = time.Duration(*in.VisibilitySeconds) * time.Second
	}
	switch {
	case most < 1 || most > 10:
		return nil, badParameter("Value " + strconv.Itoa(most) + " for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided.")
	case in.WaitSeconds < 0 || in.WaitSeconds > 20:
		return nil, badParameter("Value " + strconv.Itoa(in.WaitSeconds) + " for parameter WaitTimeSeconds is invalid. Reason: Must be >= 0 and <= 20, if provided.")
	case visibility < 0 || visibility > maxVisibility:
		return nil, badParameter("VisibilityTimeout is invalid")
	}
	end := time.Now().Add(time.Duration(in.WaitSeconds) * time.Second)
	taken := q.receive(most, visibility)
	for len(taken) == 0 && q.wait(r, end) {
		taken = q.receive(most, visibility)
	}
	messages := make([]fields, len(taken))
	for i, m := range taken {
		messages[i] = fields{
			"MessageId": m.id, "ReceiptHandle": m.handle, "Body": m.body, "MD5OfBody": checksum(m.body),
			"Attributes": m.attributes(append(in.AttributeNames, in.SystemAttributeNames...)),
		}
	}
	return fields{"Messages": messages}, nil
}

// wait unlocks the server until a message may be visible. It returns false at
// end, and when nobody waits for the answer any more.
func (q *Queue) wait(r *http.Request, end time.Time) bool {
	left := time.Until(end)
	if left <= 0 {
		return false
	}
	if at := q.nextVisible(); !at.IsZero() {
		left = min(left, at.Sub(q.server.now())+time.Millisecond)
	}
	news := q.server.news
	q.server.mu.Unlock()
	defer q.server.mu.Lock()
	timer := time.NewTimer(left)
	defer timer.Stop()
	select {
	case <-news:
	case <-timer.C:
	case <-r.Context().Done():
		return false
	}
	return true
}

func (m *message) attributes(asked []string) map[string]string {
	all := map[string]string{
		"ApproximateReceiveCount": strconv.Itoa(m.receives),
		"SentTimestamp":           strconv.FormatInt(m.sent.UnixMilli(), 10),
	}
	given := map[string]string{}
	for name, value := range all {
		for _, a := range asked {
			if a == name || a == "All" {
				given[name] = value
			}
		}
	}
	return given
}

func (q *Queue) attributes() map[string]string {
	in := q.inFlight()
	all := map[string]string{
		"QueueArn":                              q.arn(),
		"VisibilityTimeout":                     strconv.Itoa(int(q.set.Visibility.Seconds())),
		"ApproximateNumberOfMessages":           strconv.Itoa(len(q.messages) - in),
		"ApproximateNumberOfMessagesNotVisible": strconv.Itoa(in),
	}
	if q.set.MaxReceives > 0 {
		policy, _ := json.Marshal(fields{"deadLetterTargetArn": q.set.DeadLetter.arn(), "maxReceiveCount": q.set.MaxReceives})
		all["RedrivePolicy"] = string(policy)
	}
	return all
}

func (q *Queue) arn() string { return "arn:aws:sqs:" + Region + ":" + Account + ":" + q.name }

// batch does the entries one by one. An entry that fails does not fail the request.
func (q *Queue) batch(in *request, injected *Fault, do func(entry) *fault) (fields, *fault) {
	switch {
	case len(in.Entries) == 0:
		return nil, &fault{http.StatusBadRequest, "com.amazonaws.sqs#EmptyBatchRequest", "There should be at least one entry.", ""}
	case len(in.Entries) > 10:
		return nil, &fault{http.StatusBadRequest, "com.amazonaws.sqs#TooManyEntriesInBatchRequest", "Maximum number of entries per request are 10.", ""}
	}
	succeeded, failed, seen := []fields{}, []fields{}, map[string]bool{}
	for _, e := range in.Entries {
		if seen[e.ID] || e.ID == "" {
			return nil, &fault{http.StatusBadRequest, "com.amazonaws.sqs#BatchEntryIdsNotDistinct", "Id " + e.ID + " repeated.", ""}
		}
		seen[e.ID] = true
		if injected.meets(q.server.handles[e.ReceiptHandle]) {
			if injected.Code != "" {
				failed = append(failed, fields{"Id": e.ID, "Code": injected.Code, "Message": injected.Message, "SenderFault": injected.Code != "InternalError"})
			}
		} else if f := do(e); f != nil {
			failed = append(failed, fields{"Id": e.ID, "Code": f.entryCode(), "Message": f.message, "SenderFault": true})
		} else {
			succeeded = append(succeeded, fields{"Id": e.ID})
		}
	}
	return fields{"Successful": succeeded, "Failed": failed}, nil
}

// entryCode is the code as entries of a batch carry it: that of the older protocol.
func (f *fault) entryCode() string {
	if f.query != "" {
		return f.query
	}
	_, code, _ := strings.Cut(f.code, "#")
	return code
}

func refuse(w http.ResponseWriter, f *fault) {
	if f.query != "" {
		w.Header().Set("X-Amzn-Query-Error", f.query+";Sender")
	}
	answer(w, f.status, fields{"__type": f.code, "message": f.message})
}

func answer(w http.ResponseWriter, status int, out fields) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	w.Header().Set("X-Amzn-Requestid", "00000000-0000-4000-8000-000000000000")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(out) // a reader that is gone is its own affair
}

func seconds(given *int) int {
	if given == nil {
		return -1
	}
	return *given
}

func checksum(body string) string {
	sum := md5.Sum([]byte(body))
	return hex.EncodeToString(sum[:])
}
