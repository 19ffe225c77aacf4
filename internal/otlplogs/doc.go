// Package otlplogs turns access log records into OTLP log records.
package otlplogs
