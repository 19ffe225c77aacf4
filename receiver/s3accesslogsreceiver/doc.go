// Package s3accesslogsreceiver is an OpenTelemetry Collector receiver that
// reads Amazon S3 server access logs and turns every record into a log record.
//
// What it reads is safe once the pipeline has accepted it: a log object is done
// when Consume returned without an error for all of its records. See the
// README beside this file for the settings.
package s3accesslogsreceiver

//go:generate go tool -modfile=../../internal/tools/go.mod mdatagen metadata.yaml
