// Package benchtable makes the tables of docs/performance.md from the output of
// `go test -bench`: each benchmark of the suite beside its floor, what the same
// work takes at least. MeasureGC is for benchmarks that state what part of the CPU
// time the garbage collector takes.
package benchtable
