package ingest

import "strings"

// Concern is what an error or a recovery is about.
type Concern string

const (
	ConcernSource   Concern = "finding objects"
	ConcernObjects  Concern = "reading objects"
	ConcernStorage  Concern = "storing progress"
	ConcernLoop     Concern = "what is logged"
	ConcernLogs     Concern = "delivering logs"
	ConcernEmission Concern = "delivering metrics"
	ConcernDelivery Concern = "delivery" // reading has stopped
	ConcernMetrics  Concern = "counting" // a fault of this program; it does not recover
)

// Of returns the concern for one bucket or account, which fails and recovers by itself;
// "" means all.
func (c Concern) Of(what string) Concern {
	if what == "" {
		return c
	}
	return c + concernOf + Concern(what)
}

// Kind returns the concern without what Of added.
func (c Concern) Kind() Concern {
	kind, _, _ := strings.Cut(string(c), concernOf)
	return Concern(kind)
}

const concernOf = " of "

// Status receives the errors of a concern, nil when it has recovered. It is called
// from several goroutines, also without a change.
type Status func(Concern, error)
