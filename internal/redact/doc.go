// Package redact finds credentials and signatures in a client's text and
// replaces them by REDACTED.
//
// A secret is the value of a parameter with a sensitive name. Name, '=' and
// what stands around them may be percent-encoded, each to another level: the
// text is decoded (decode.go), searched (search.go), and changed where the
// secrets stand in it as it was given. A Rule says where in a text a parameter
// begins and ends, which depends on what the text is.
//
// A Redactor is immutable and safe for concurrent use. A Finder holds the
// memory of a search; it is not safe for concurrent use.
package redact
