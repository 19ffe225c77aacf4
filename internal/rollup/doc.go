// Package rollup aggregates records into metrics: requests, bytes, latency.
//
// # Vocabulary
//
//	group    the metrics that share their attributes, and so one lookup per record
//	key      one set of values of a group's attributes
//	stream   what one metric counts under one key; io has two, one per direction
//	series   a stream that has counted something: what a back end sees
//	tally    what was counted under a key within one interval of time
//	delta    the tallies of a chunk of records
//	cut      where an emission ends: what is counted later is in the next one
//	request  the part of an emission that is sent and settled as one
//	part     the points of one stream in a request
//
// # Flow
//
//	records --Counter.Add--> tallies --Cut--> Delta --State.Add--> pending
//	          one per worker           a chunk                      |
//	                                                  Change: bytes to be stored
//	                                                                |
//	          Emission <-- committed <-- Committed: the same bytes, replayed
//
// Each worker has a Counter, which takes a lock only for a key that is new to it.
// State belongs to one goroutine, the one that commits. Committed counters change
// only by replaying the bytes that were stored; so a restart, which replays them as
// well, arrives at the same counters.
//
// # Series
//
// A series is created by the commit of its first observation. Its first emission sets
// its start, one interval earlier, and has a point of value 0 there, the start point,
// in the same request, so that a back end that computes increases sees the first
// value. The start is later only where earlier points may exist: when series were
// dropped since, or another process had this identity. A series without an update
// for SeriesIdleTimeout is dropped at a cut, once an emission with its last value was
// accepted; a clock that is set makes none idle. EndAll drops all after records were not
// counted for a while. These decisions (creation, start, overflow, drop) are stored; a replay
// never makes them again.
//
// # Other settings
//
// Stored values begin with a layout: the attributes, metrics and kinds of histograms
// that their numbers stand for. A process drops what its own settings do not have;
// later processes do not see it again, whether they read its snapshot or its changes.
//
// # Bounds
//
// A group has at most CardinalityLimit keys, and a metric as many series; all others
// go into one series with otel.metric.overflow. The values of a key are copies, cut at
// 1 KiB, so that no chunk of a log object is kept alive. A Counter has entries for
// twice as many keys, and hashes of values beyond the limit. With event time the
// points that wait for their emission are bounded as well; see State.Full.
package rollup
