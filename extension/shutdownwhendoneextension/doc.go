// Package shutdownwhendoneextension is an OpenTelemetry Collector extension that ends the
// process when every source that receivers registered with it is done.
//
// A receiver finds it among the host's extensions by the method RegisterSource, whose
// types are built-in ones, so that neither module imports the other.
package shutdownwhendoneextension

//go:generate go tool -modfile=../../internal/tools/go.mod mdatagen metadata.yaml
