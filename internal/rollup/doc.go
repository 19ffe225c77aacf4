// Package rollup adds records up to metrics: requests, bytes, latency.
//
// # Vocabulary
//
//	group    the metrics that share their attributes, and so one lookup a record
//	key      one set of values of a group's attributes
//	stream   what one metric counts under one key; io has two, one a direction
//	series   a stream that has counted something: what a back end sees
//	tally    what was counted under a key within one interval of time
//	delta    the tallies of a chunk of records
//	cut      the end of what an emission holds
//	request  what of an emission is handed on and settled as one
//	part     what a request has of a stream
//
// # Flow
//
//	records --Counter.Add--> tallies --Cut--> Delta --State.Add--> pending
//	          one a worker             a chunk                      |
//	                                                  Change: bytes to be stored
//	                                                                |
//	          Emission <-- committed <-- Committed: the same bytes, replayed
//
// A Counter is a worker's own and takes no lock but for a key it has not met
// before. State belongs to one goroutine, the one that commits. What is
// committed is changed by replaying the bytes that were stored, nothing else;
// so a restart, which replays them as well, comes to the same counters.
//
// # Series
//
// A series is born in the commit of its first observation, and has its start
// from the first emission that holds it: one interval earlier, in the same
// request with a point of value 0, so that a back end that looks at increases
// sees its first value. It is later only where there may be points before it:
// when series were dropped since, or another process had this identity. A series
// without an update for SeriesIdleTimeout is dropped at a cut, once an emission with
// its last value was accepted. Decisions of this kind (birth, start, overflow, drop) are
// parts of what is stored, and are never made again by a replay.
//
// # Other settings
//
// What is stored begins with a layout: the attributes, metrics and kinds of
// histograms that its numbers stand for. What the settings of a new process have
// no place for is left out, and what its own layout does not name is gone for
// those that come after it, whether they read its snapshot or its changes.
//
// # Bounds
//
// A group has at most CardinalityLimit keys, and a metric as many series; what
// comes further goes into one series with otel.metric.overflow. The values of a
// key are copies, cut at 1 KiB, so that no chunk of a log object is kept alive. A
// Counter has entries for twice as many keys, and hashes of values beyond the limit.
// With event time the tallies that wait for their emission are bounded as well;
// see State.Full.
package rollup
