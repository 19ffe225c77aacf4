// Package fakesqs is an Amazon SQS in the test's own process: the JSON protocol
// of the AWS SDK over HTTP, standard queues, their visibility, receive counts
// and dead-letter queues, a clock that tests move, and faults on demand. It
// supports tests only and takes any credentials.
//
// It does what AWS documents, and where AWS leaves it open what is harder on the
// reader: a receipt handle of an earlier receive deletes nothing although the
// answer says so, and extends nothing. It is one reading of the documentation;
// fauxqs, a server by others, is the second opinion (make test-servers).
//
// Everything is safe for concurrent use.
package fakesqs
