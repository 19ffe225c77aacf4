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
//	               +--> Ack, Nack                 and a free slot in the window
//
// Every piece passes the assembler in the order in which the downloads sent it,
// so the chunks of an object enter batches in order, and a batch knows how far
// it completes each object. A batch keeps its slot in the window of Deliveries
// until it is committed; a stuck batch therefore stops everything behind it, and
// nothing overtakes it.
//
// A download's slot is free again when its object is read; objects that are
// read and not yet settled are bounded separately, by MaxUnacknowledged. Memory is
// Concurrency chunks, the pieces between the stages (at most maxPieces, however
// many CPUs) and Deliveries + 1 batches.
package ingest
