// Package otlplogs turns access log records into OTLP log records.
//
// A Converter holds the options; a Batch, for one goroutine, grows by one log
// record a line; Logs hands a batch over. attributes.go is the mapping, a line an
// attribute; the other files derive what the log does not hold as such.
//
// # Memory
//
// The strings of log records are parts of the lines they came from, which the
// caller must never write again, or lie in the batch's arena, whose memory is
// never used twice. So a batch may be handed on and its lines forgotten.
//
// # What is made of text
//
// The values of sensitive parameters become REDACTED in every attribute: finish
// redacts all texts, each by its rule (package redact). In text that is not UTF-8 each run of wrong bytes becomes
// one U+FFFD. The long values of a record that is larger than
// Options.MaxRecordSize are cut to 4 KiB, so that a batch fits into one message
// whatever a line held; log.record.uid still tells the whole line.
//
// # Speed
//
// A record takes 1.37 times what Parse and building the same log record from ready
// values take together (BenchmarkConvert and its floor), and one
// allocation an attribute and two more, which a test holds: docs/performance.md.
package otlplogs
