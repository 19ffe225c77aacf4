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
// Waiting means that nothing of it was handed out. From the receipt until it is
// over a message's visibility is renewed at half-time. The objects of a message
// that was returned or lost go on to their end; those not begun are dropped.
// When the message comes again, to whomever, Progress tells what of it is done
// and how far the rest is; an object that is still being read here is joined,
// not read twice.
//
// One goroutine, the renewer, makes the calls that renew or return messages, from
// New until Close. Up to maxCalls others delete them, as soon as they are
// finished: what is committed and not yet deleted is read again by the other
// collectors when this one dies. Receipts may be settled from any goroutine.
//
// What failed for single messages is tried again about once a second until it
// works, the receipt is no longer valid or, of a return, the message is visible by
// itself. Hooks.Trouble tells meanwhile, and all else goes on. While whole calls
// fail, or maxFailing messages do, Next receives nothing and tells why.
//
// Known limits: a message that SQS gave out and whose answer was lost, as by a
// cut connection, comes again after the visibility timeout. An object is known
// by bucket, key and ETag; where events leave out the ETag, by bucket and key.
package queue
