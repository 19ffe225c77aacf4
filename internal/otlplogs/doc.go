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
// 640 bytes, by the command at the top of bench_test.go, medians of one run on
// an idle machine: reading the lines (Parse) takes 6.8 ms, building the same log
// records from values that are ready (Floor) 33.3 ms, all of it, bytes to
// plog.Logs with the lines' identities (Convert), 52.6 ms: 1.31 times the sum of
// the two. What else the machine does changes the ratio, as Floor waits for
// memory most: it was between 1.24 and 1.38. A record costs one allocation an
// attribute and 2.9 more, which a test holds below 3.
package otlplogs
