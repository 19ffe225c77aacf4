package accesslog

import "math/bits"

// Field numbers a field as AWS does, from 1. Zero is the line as a whole.
type Field uint8

// The fields of a record. A new field of AWS's gets a constant here and a row in
// tailTable and a line in tail.store.
const (
	FieldOwner Field = iota + 1
	FieldBucket
	FieldTime
	FieldRemoteIP
	FieldRequester
	FieldRequestID
	FieldOperation
	FieldKey
	FieldRequestURI
	FieldStatus
	FieldErrorCode
	FieldBytesSent
	FieldObjectSize
	FieldTotalTime
	FieldTurnAroundTime
	FieldReferer
	FieldUserAgent
	FieldVersionID
	FieldHostID
	FieldSignatureVersion
	FieldCipherSuite
	FieldAuthType
	FieldHostHeader
	FieldTLSVersion
	FieldAccessPointARN
	FieldACLRequired
	FieldSourceRegion
	fieldExtra // the first field without a name

	lastField = fieldExtra - 1

	// Only JSON records have these.
	FieldSchemaVersion = fieldExtra + 1
	FieldBucketARN     = fieldExtra + 2

	// Fields is how many numbers of fields there are.
	Fields = FieldBucketARN + 1
)

// FieldSet is a set of fields.
type FieldSet uint32

// Has reports whether f is in the set.
func (s FieldSet) Has(f Field) bool { return s&(1<<f) != 0 }

// Len returns the number of fields.
func (s FieldSet) Len() int { return bits.OnesCount32(uint32(s)) }

func (s *FieldSet) add(f Field) { *s |= 1 << f }

// fieldNames are the names of the User Guide, in its order; those of the tail
// stand in tailTable.
var fieldNames = [...]string{
	0:                   "record",
	FieldOwner:          "Bucket Owner",
	FieldBucket:         "Bucket",
	FieldTime:           "Time",
	FieldRemoteIP:       "Remote IP",
	FieldRequester:      "Requester",
	FieldRequestID:      "Request ID",
	FieldOperation:      "Operation",
	FieldKey:            "Key",
	FieldRequestURI:     "Request-URI",
	FieldStatus:         "HTTP status",
	FieldErrorCode:      "Error Code",
	FieldBytesSent:      "Bytes Sent",
	FieldObjectSize:     "Object Size",
	FieldTotalTime:      "Total Time",
	FieldTurnAroundTime: "Turn-Around Time",
	FieldReferer:        "Referer",
	FieldUserAgent:      "User-Agent",
	fieldExtra:          "fields 28 and on",
	FieldSchemaVersion:  "Schema Version Id",
	FieldBucketARN:      "Bucket ARN",
}

// String returns the User Guide's name of the field.
func (f Field) String() string {
	switch {
	case FieldVersionID <= f && f <= lastField:
		return tailTable[f-FieldVersionID].name
	case int(f) < len(fieldNames):
		return fieldNames[f]
	}
	return "unknown field"
}

// endsRecord reports whether a line may end with this field. The log grew in
// steps: to 18 fields until 2018, then 24, 25 (2021), 26 (2022) and 27 (2026).
func (f Field) endsRecord() bool {
	return f == FieldVersionID || f >= FieldTLSVersion
}
