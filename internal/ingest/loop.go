package ingest

import (
	"fmt"
	"time"
)

// loopMemory is how long a bucket counts as one that logs into itself after the
// last record that told so. S3 delivers within hours.
const loopMemory = 24 * time.Hour

// selfLogged tells the operator that a bucket holds the log of its own requests.
// Without anything else happening, each log object that S3 writes there is a
// request of which S3 writes a log object.
func (e *Engine) selfLogged(bucket string) {
	e.loopOver.Reset(loopMemory)
	e.parts.Status(ConcernLoop, fmt.Errorf("bucket %s holds the log of its own requests, so that every log object makes further records, without end"+
		": in the logging settings of %s choose another destination bucket, or turn its logging off", bucket, bucket))
}
