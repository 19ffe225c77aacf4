// Package cookbook holds the questions of docs/cookbook.md, each with a filter over log
// records and what is to be counted, and writes them as LogsQL, LogQL and SQL. Queries
// that have no common form are written by hand. The page is kept in the folder docs of
// the repository; a test compares it with this package.
//
//	make generate
//
// A new question is a row in one of the tables, and its figure in
// internal/test/system/cookbook, which runs the queries of the page against real servers.
package cookbook

//go:generate go run ./cmd/cookbook -out ../../../docs/cookbook.md
