// Package e2e holds no code but tests of the built collector,
// bin/otelcol-s3audit: what an operator starts, configures, feeds and kills.
// `make build` makes the binary; without it the tests fail. They are left out
// of short runs. With E2E_MEMORY=1 the memory tests read files of the size that
// the limits are stated for, with E2E_KILL=1 the collector is killed as often as
// the guarantees are stated for, with E2E_WRONG=1 every request meets every wrong
// answer, with E2E_DONE=100 each end that a collector comes to by itself is tried 100 times. The tests whose names begin with TestServers need what
// `make test-servers` builds, and are skipped without it. With E2E_SPEED=3 the
// speed of the whole process is measured, three times.
package e2e
