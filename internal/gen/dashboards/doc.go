// Package dashboards holds the Grafana dashboards of the collector: one file for
// each, a table of its panels, and what turns these tables into the JSON that
// Grafana reads. The JSON is kept in the folder dashboards of the repository; a test
// compares it with this package.
//
//	make generate
//
// A new panel is a row in its dashboard's table and, where it shows a figure, one in
// the test of internal/test/system/e2e that runs every query against real servers, but LogQL: what
// lists log records is written in LogQL and LogsQL from one table, and LogsQL is run.
package dashboards

//go:generate go run ./cmd/dashboards -out ../../../dashboards
