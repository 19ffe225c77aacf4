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
// The values of sensitive query parameters become REDACTED wherever a query can
// stand (redact.go). In text that is not UTF-8 each run of wrong bytes becomes
// one U+FFFD. The long values of a record that is larger than
// Options.MaxRecordSize are cut to 4 KiB, so that a batch fits into one message
// whatever a line held; log.record.uid still tells the whole line.
//
// # Speed
//
// Measured on one core of an Intel Xeon, 20,000 mixed records of 27 fields and
// 640 bytes, by the command at the top of bench_test.go: reading the lines
// (Parse) takes 7.2 ms, building the same attributes from values that are ready
// (Floor) 36.0 ms, all of it, bytes to plog.Logs with the lines' identities
// (Convert), 59.6 ms: 1.38 times the sum of the two. A record costs one
// allocation an attribute and 2.9 more, which a test holds below 3.
package otlplogs
