// Package killpoint names the steps at which tests of the built collector kill it. Only a
// binary that is built with the tag killpoints dies there; in all others Reached is empty.
package killpoint

// Step is a step of the product's work.
type Step string

// The steps.
const (
	Delivered       Step = "delivered"        // batches were accepted, and are not committed
	Committed       Step = "committed"        // they are committed, and the source was not notified
	RequestSettled  Step = "request settled"  // a request of an emission is committed as settled, and the next one was not sent
	ChunkWritten    Step = "chunk written"    // of a snapshot's state, which the manifest does not name
	ManifestWritten Step = "manifest written" // what it replaces is there
	GarbageDeleted  Step = "garbage deleted"  // some of what the manifest replaces, and some is there
)

// The environment variables that tell a binary built with the tag killpoints where to die.
const (
	Variable = "S3AUDIT_KILLPOINT"       // a Step
	Count    = "S3AUDIT_KILLPOINT_COUNT" // how often the step is to be reached; 1 without it
)
