// Package cookbook holds no code but tests of docs/cookbook.md: they run the queries of the
// page over the sample week and testdata/more.log, and compare each answer with a count over
// the lines by the slow reader, which shares no code with the product. They need what
// `make test-servers` builds. DuckDB, in C++, is linked with the tag duckdb only.
//
// testdata/more.log has what the week lacks: requests of a stranger, of old clients, from inside, of
// replication, and an upload that was never completed. It was written for these tests.
package cookbook
