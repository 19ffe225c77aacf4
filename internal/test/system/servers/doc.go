// Package servers starts real servers for tests, each a process of its own
// with nothing in it: Prometheus, VictoriaLogs and VictoriaMetrics, which take what the
// collector sends, and fauxqs, an SQS that others wrote. It supports tests only.
//
// The programs are built into .tools by `make test-servers`, which runs the tests whose
// names begin with TestServers, but those with Fauxqs in their names where there is no
// Node. It sets TEST_SERVERS=1 in the environment. Without it these tests are skipped, so
// that `make test` needs Go only and does the same on every machine.
//
// A server ends with its test, and the test's output has the end of its log when
// the test has failed. Methods may be called by several goroutines, but as they
// end the test on an error, only by the test's own.
package servers
