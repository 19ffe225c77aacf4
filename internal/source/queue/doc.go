// Package queue takes log objects from an SQS queue that S3 sends its event
// notifications to. A message names objects; it is deleted when all of them are
// accepted and committed, and until then kept from other collectors by renewing
// its visibility.
//
//	                         receive
//	                            |
//	     not a notification     v        nothing in it to read
//	  +---------------------- parse ------------------------------+
//	  |                         |                                 |
//	  v                         v                                 v
//	left to the queue's      waiting --> begun ---------------> deleting --> deleted
//	redrive policy              |          |     all its          ^  |
//	                            |          |     objects done     |  |
//	                 shutdown,  |          |                      |  |
//	                 Next does  |          | first Nack, 11 hours |  |
//	                 not come   v          v                      |  |
//	                          returning, once --> visible again   |  |
//	                                                              |  |
//	                    receipt no longer valid, in any state:    v  v
//	                    forgotten; its objects go on             over
//
// A message of which only some events can be read is never deleted: once these are done
// it is left to the redrive policy.
//
// Waiting means that none of its objects was handed out. From its receipt until it is
// over, a message's visibility is renewed at half-time. Objects of a message that was
// returned or lost are finished if they were begun, else dropped. When a collector
// receives the message again, its Progress says which objects are done and how far the
// others are; an object that is still being read here is joined, not read twice.
//
// One goroutine, the renewer, makes the calls that renew or return messages, from
// New until Close. Up to maxCalls others delete them, as soon as they are finished:
// if this collector dies, another one reads again what is committed and not yet
// deleted. Receipts may be settled from any goroutine.
//
// A failure for a single message is retried about once a second until it succeeds, the
// receipt is no longer valid or, for a return, the visibility has ended. Hooks.Trouble
// reports it meanwhile, and everything else continues. While whole calls fail, or
// maxFailing messages do, Next receives nothing and returns the reason.
//
// A denied object stops nothing: its message waits for another try, and is in flight for
// SQS meanwhile (see backoff). After any other fault that is not the object's own, at its
// opening or later, its bucket is in trouble: objects of such buckets share a quarter of the
// downloads, the others of them are held, with their messages, until the bucket answers (see
// lanes). While no more can be held, nothing is received, unless objects of other buckets are
// read: then messages that cannot be held are returned.
//
// Known limits: a message whose receive answer was lost, as by a broken connection,
// comes again after the visibility timeout. An object is identified by bucket, key and
// ETag; where events leave out the ETag, by bucket and key.
package queue
