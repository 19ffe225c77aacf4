// Package schema writes docs/schema.md: every attribute of log records and metrics, with
// where its name and its value come from, and an example. Names and types are those of the
// code, and the examples are what it makes of two lines. The page is kept in the folder docs
// of the repository; a test compares it with this package.
//
//	make generate
package schema

//go:generate go run ./cmd/schema -out ../../../docs/schema.md
