// Package ingest moves log objects from a source through the parser into
// batches of log records, delivers these, and settles the objects.
//
//	Source --intake--> download ... download      up to Concurrency objects
//	                       |  pieces: chunks of whole lines
//	                       v
//	             order ----+---- work
//	               |              |
//	               |         worker ... worker    one per CPU: parse, convert
//	               v              |
//	           assembler <--------+               pieces in the order they were read
//	               |  batches, numbered
//	               v
//	       deliver ... deliver                    up to Deliveries batches
//	               |
//	               v
//	           committer                          in the order of the numbers
//	               |
//	               +--> Ack, Nack                 and a free place in the window
//
// Every piece passes the assembler in the order in which the downloads sent it,
// so the chunks of an object enter batches in order, and a batch knows how far
// it takes each object. A batch keeps its place in the window of Deliveries
// until it is committed; a batch that is stuck therefore stops everything
// behind it, and nothing overtakes.
//
// A download's slot is free again when its object is read; objects that are
// read and not yet settled are bounded apart, by MaxUnacknowledged. Memory is
// Concurrency chunks, the pieces between the stages (maxPieces at most, however
// many CPUs) and Deliveries + 1 batches.
package ingest
