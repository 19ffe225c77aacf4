// Package accesslog parses records of Amazon S3 server access logs, one line
// each, and explains single fields of them: who the requester is, what the key
// decodes to, which TLS version and cipher suite a name stands for. Records are
// text or JSON, see json.go, and one type holds both.
//
// The package owns no memory: every string of a Record is a part of the line
// that was given to Parse, and lives as long as that line. Nothing is kept
// between calls, so all functions may be called concurrently, each with its own
// Record. Parse never panics, and allocates only what escapes in JSON strings
// decode to and a first list of members that it does not know.
//
// # Why it is not a regular expression
//
// The log has no escape character, and several fields are the client's own
// text. A parser that ends a quoted field at the next quote lets any client
// write the rest of its record. So the fixed parts of a line are found first
// and the client's text is what is left between them:
//
//	owner bucket [time] ip requester id operation key   by single spaces
//	"METHOD target HTTP/n.n"                            no space inside a part,
//	status error sent size total turnaround             and these six behind it
//	"Referer" "User-Agent"                              up to the line's last quote
//	version host-id signature cipher auth host tls ...  unquoted and typed
//
// The readings of a line are ranked, see reading.go: first those in which every value
// is one that is known, then those with new values behind the User-Agent, then those
// with quotes there. What is new is kept, and named by Record.Unexpected.
//
// A line that fits in no way is malformed. So is one that fits in more than one
// way of the same rank where a field other than Referer and User-Agent would differ,
// see ambiguous.go, which also says what no parser can tell apart.
//
// Other servers write the same format, or almost: see Format.
//
// Source of the text format: "Amazon S3 server access log format" in the Amazon S3
// User Guide. Between 18 and 27 fields are read by name, later ones are kept.
package accesslog
