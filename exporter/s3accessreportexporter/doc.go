// Package s3accessreportexporter is an OpenTelemetry Collector exporter that adds up the
// log records of S3 server access logs and writes them as a page of charts: one HTML file
// that needs nothing else.
package s3accessreportexporter

//go:generate go tool -modfile=../../internal/tools/go.mod mdatagen metadata.yaml
