// Package deliveryguard is a converter of the OpenTelemetry Collector's configuration that
// changes nothing: it warns where records of the receiver s3_access_logs, once accepted,
// can be lost, or come again and again.
//
// Converters are called by one goroutine, each time the configuration is loaded.
package deliveryguard

//go:generate go tool -modfile=../../internal/tools/go.mod mdatagen metadata.yaml
