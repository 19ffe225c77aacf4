package tally

// Sums are the exact figures of a cell.
type Sums struct {
	Requests, Client, Server uint64 // all, with 400 to 499, with 500 to 599
	Sent, Added              uint64 // bytes
	Millis, Timed            uint64 // total times, and requests that have one
}

// Add adds other sums.
func (s *Sums) Add(o *Sums) {
	s.Requests += o.Requests
	s.Client += o.Client
	s.Server += o.Server
	s.Sent += o.Sent
	s.Added += o.Added
	s.Millis += o.Millis
	s.Timed += o.Timed
}

func (s *Sums) count(r *Record) {
	s.Requests++
	switch r.Status / 100 {
	case 4:
		s.Client++
	case 5:
		s.Server++
	}
	s.Sent += uint64(max(r.Sent, 0))
	s.Added += uint64(max(r.Added, 0))
	if r.Total >= 0 {
		s.Millis += uint64(r.Total)
		s.Timed++
	}
}

// Count is a cell that only counts.
type Count struct{ N uint64 }

// Add adds another count.
func (c *Count) Add(o *Count) { c.N += o.N }

// ThreatSums are the figures of a threat's cell.
type ThreatSums struct {
	Requests, Answered uint64
	First, Last        int64 // ms
}

// Add adds other sums.
func (s *ThreatSums) Add(o *ThreatSums) {
	if s.Requests == 0 || o.First < s.First {
		s.First = o.First
	}
	s.Requests += o.Requests
	s.Answered += o.Answered
	s.Last = max(s.Last, o.Last)
}
