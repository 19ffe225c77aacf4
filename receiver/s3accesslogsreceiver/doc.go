// Package s3accesslogsreceiver is an OpenTelemetry Collector receiver that
// reads Amazon S3 server access logs and turns every record into a log record.
//
// A log object is done when Consume returned without an error for all of its records.
// README.md beside this file has the settings.
package s3accesslogsreceiver

//go:generate go tool -modfile=../../internal/tools/go.mod mdatagen metadata.yaml
