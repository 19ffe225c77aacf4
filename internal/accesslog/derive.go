package accesslog

import "strconv"

// MethodName returns the value of http.request.method, and that of
// http.request.method_original when the method is not known. Names are
// case-sensitive. Source: HTTP semantic conventions 1.43, which list the
// methods of RFC 9110, PATCH of RFC 5789 and QUERY.
func MethodName(method string) (known, original string) {
	switch method {
	case "GET", "HEAD", "PUT", "POST", "DELETE", "OPTIONS", "PATCH", "CONNECT", "TRACE", "QUERY":
		return method, ""
	}
	return "_OTHER", method
}

// ErrorType returns the error code, or the HTTP status of an error without one.
// It does not allocate.
func ErrorType(r *Record) string {
	if i := int(r.Status) - firstError; r.ErrorCode == "" && 0 <= i && i < len(errorStatuses) {
		return errorStatuses[i]
	}
	return r.ErrorCode
}

// firstError is the lowest HTTP status of an error, and lastError the highest.
const (
	firstError = 400
	lastError  = 599
)

// errorStatuses are the statuses of errors as strings.
var errorStatuses = func() (s [lastError - firstError + 1]string) {
	for i := range s {
		s[i] = strconv.Itoa(firstError + i)
	}
	return s
}()

// BodySize returns the bytes sent, or Absent: S3 logs "-" for none when there
// was a response.
func BodySize(r *Record) int64 {
	if r.BytesSent == Absent && r.Status != Absent {
		return 0
	}
	return r.BytesSent
}
