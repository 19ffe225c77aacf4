package ingest

// Concern is what an error or a recovery is about.
type Concern string

const (
	ConcernSource   Concern = "finding objects"
	ConcernObjects  Concern = "reading objects"
	ConcernStorage  Concern = "storing progress"
	ConcernLoop     Concern = "what is logged"
	ConcernLogs     Concern = "delivering logs"
	ConcernEmission Concern = "delivering metrics"
	ConcernMetrics  Concern = "counting" // a fault of this program; it does not recover
)

// Status receives the errors of a concern, nil when it has recovered. It is called
// from several goroutines, also without a change.
type Status func(Concern, error)
