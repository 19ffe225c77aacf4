package listing

import (
	"fmt"
	"time"
)

const (
	// quietShare is which share of the time without anything new in a prefix may pass
	// until it is looked at again.
	quietShare = 16
	// maxIdle bounds that, unless there are so many idle prefixes that idleLists a day
	// would not do. With the days that leave the windows, and the search, that makes 60,000.
	maxIdle   = 15 * time.Minute
	idleLists = 50_000
)

// quiet returns for how long nothing was delivered to a prefix, as far as the passes of
// its runs could see; 0 while one had none yet.
func (p *prefix) quiet(date time.Time) time.Duration {
	for _, r := range p.jobs {
		if r.passes == 0 {
			return 0
		}
	}
	return date.Sub(p.delivered)
}

func newer(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// isEmpty reports whether there is nothing in a prefix's window: then one list shows all
// of it.
func (s *Source) isEmpty(p *prefix) bool {
	return p.quiet(s.date.Time) > s.cfg.Lookback+24*time.Hour
}

// idleWait returns the least time between two looks at a prefix: the longer the more
// quiet it is. One that is alone, in a bucket that is, is looked at as often as one that is not
// idle.
func (s *Source) idleWait(p *prefix) time.Duration {
	if len(s.prefixes) == 1 && !s.deps.OneOfMany {
		return 0
	}
	return min(p.quiet(s.date.Time)/quietShare, s.maxIdle())
}

// maxIdle returns the longest of these times.
func (s *Source) maxIdle() time.Duration {
	wait := max(maxIdle, time.Duration(len(s.prefixes))*24*time.Hour/idleLists)
	if wait > maxIdle && wait > s.loggedIdle*3/2 {
		s.loggedIdle = wait
		s.deps.Notice(false, fmt.Sprintf("idle folders below s3://%s/%s are looked at every %v, since there are %d: "+
			"so this takes at most %d LIST requests a day", s.cfg.Name, s.cfg.Prefix, wait.Round(time.Second), len(s.prefixes), idleLists))
	}
	return wait
}
