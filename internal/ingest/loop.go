package ingest

import (
	"fmt"
	"time"
)

// loopExpiry is how long a bucket counts as one that logs into itself after the last
// record that showed it. S3 delivers within hours.
const loopExpiry = 24 * time.Hour

// reportSelfLogging reports that a bucket holds the log of its own requests: each log
// object that S3 writes there is itself a request that S3 logs there.
func (e *Engine) reportSelfLogging(bucket string) {
	e.loopTimer.Reset(loopExpiry)
	e.parts.Status(ConcernLoop, fmt.Errorf("bucket %s holds the log of its own requests, so that every log object makes further records, without end"+
		": in the logging settings of %s choose another destination bucket, or turn its logging off", bucket, bucket))
}
