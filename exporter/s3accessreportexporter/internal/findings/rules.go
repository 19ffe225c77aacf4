package findings

import (
	"fmt"
	"math"
	"strconv"

	"github.com/otelcol-s3audit/otelcol-s3audit/exporter/s3accessreportexporter/internal/tally"
)

// The thresholds. An ordinary week stays below them.
const (
	fewestErrors   = 20  // 5xx of one bucket in a row of minutes or hours
	errorsAt       = 0.2 // share of 5xx in a minute at which a burst begins, 0.05 in an hour
	errorsAtHour   = 0.05
	fewestDenied   = 100 // anonymous requests of one network, in one bucket
	fewestAtOnce   = 50  // of a bucket's in an hour, and four times that in a wider cell
	fewestThreats  = 50  // requests of known clients, none of them answered
	fewestAdded    = 1 << 30
	growth         = 3 // times the period before
	fewestDeleted  = 500
	fewestOldTLS   = 10
	msMinute       = 60_000
	msHour         = 60 * msMinute
	manyOfRequests = 0.25
)

// finder looks at one range.
type finder struct {
	t       *tally.Tally
	r       *tally.Range
	buckets []string

	now, before [tally.MostBuckets + 1]sums // before: the period of the same length
	known       bool                        // before is
	bursts      map[int]bool                // buckets with many anonymous denials at once
}

type sums struct{ requests, added, deleted uint64 }

// sum adds up the range and the period before it. Cells that lie on the begin of either are
// in the period before, so that what is said to have grown has.
func (f *finder) sum() {
	oldest, _ := f.t.Times()
	from, length := f.r.From, f.r.End-f.r.From
	f.known = f.r.Length > 0 && oldest > 0 && from-length >= oldest-oldest%msHour
	of := func(minute, width int64) *[tally.MostBuckets + 1]sums {
		switch {
		case minute*msMinute >= from:
			return &f.now
		case (minute+width)*msMinute > from-length:
			return &f.before
		}
		return nil
	}
	for c := range f.t.Cells() {
		if into := of(c.Minute, c.Width); into != nil {
			s := &into[uint8(c.Key>>8)]
			s.requests += c.Value.Requests
			s.added += c.Value.Added
		}
	}
	f.findBursts()
	for c := range f.t.Marks() {
		if into := of(c.Minute, c.Width); into != nil && tally.Kind(c.Key&0xFF) == tally.Deleted {
			into[uint8(c.Key>>8)].deleted += c.Value.N
		}
	}
}

// findBursts finds the buckets that denied many anonymous requests at once: a few of each
// hour add up to many in a month.
func (f *finder) findBursts() {
	type hour struct {
		bucket int
		at     int64
	}
	f.bursts = map[int]bool{}
	denied := map[hour]uint64{}
	for c := range f.t.Marks() {
		at := c.Minute * msMinute
		if at+c.Width*msMinute <= f.r.From || tally.Kind(c.Key&0xFF) != tally.DeniedAnonymous {
			continue
		}
		of := hour{int(uint8(c.Key >> 8)), at / msHour}
		denied[of] += c.Value.N
		least := uint64(fewestAtOnce)
		if c.Width*msMinute > msHour {
			least *= 4
		}
		if denied[of] >= least {
			f.bursts[of.bucket] = true
		}
	}
}

// bin is a bucket's minute or hour.
type bin struct {
	at, width        int64 // ms
	requests, failed uint64
}

// bins returns a bucket's bins of the range, by time: minutes of the last three hours, else
// hours.
func (f *finder) bins(minutes map[int64]*bin, bucket int) (all []bin) {
	if f.r.ID != "3h" {
		for at := f.r.From - f.r.From%msHour; at < f.r.End; at += msHour {
			b := bin{at: at, width: msHour}
			if s := f.t.Hour(uint8(bucket), at/msHour); s != nil {
				b.requests, b.failed = s.Requests, s.Server
			}
			all = append(all, b)
		}
		return all
	}
	for at := f.r.From; at < f.r.End; at += msMinute {
		b := bin{at: at, width: msMinute}
		if m := minutes[at]; m != nil {
			b.requests, b.failed = m.requests, m.failed
		}
		all = append(all, b)
	}
	return all
}

// byMinute returns the minutes of the range by bucket.
func (f *finder) byMinute() map[int]map[int64]*bin {
	all := map[int]map[int64]*bin{}
	if f.r.ID != "3h" {
		return all
	}
	for c := range f.t.Cells() {
		at, bucket := c.Minute*msMinute, int(uint8(c.Key>>8))
		if at < f.r.From {
			continue
		}
		of := all[bucket]
		if of == nil {
			of = map[int64]*bin{}
			all[bucket] = of
		}
		if of[at] == nil {
			of[at] = &bin{}
		}
		of[at].requests += c.Value.Requests
		of[at].failed += c.Value.Server
	}
	return all
}

// errors finds a burst of 5xx: neighbouring minutes or hours of one bucket.
func (f *finder) errors() (Finding, bool) {
	begin := errorsAtHour
	if f.r.ID == "3h" {
		begin = errorsAt
	}
	minutes := f.byMinute()
	var worst bin
	in := -1
	for bucket := range len(f.buckets) {
		bins := f.bins(minutes[bucket], bucket)
		for i := 0; i < len(bins); i++ {
			if bins[i].failed < 5 || float64(bins[i].failed) < begin*float64(bins[i].requests) {
				continue
			}
			burst := bin{at: bins[i].at}
			for ; i < len(bins) && bins[i].failed > 0 && float64(bins[i].failed) >= begin/2*float64(bins[i].requests); i++ {
				burst.requests += bins[i].requests
				burst.failed += bins[i].failed
				burst.width = bins[i].at + bins[i].width - burst.at
			}
			if burst.failed > worst.failed {
				worst, in = burst, bucket
			}
		}
	}
	if worst.failed < fewestErrors {
		return Finding{}, false
	}
	from, to := worst.at, min(worst.at+worst.width, f.r.End)
	margin := max((to-from)/2, 5*msMinute)
	link := [2]int64{from - margin, to + margin}
	if f.r.ID != "3h" { // counted by the hour
		link = [2]int64{link[0] - link[0]%msHour, link[1] + msHour - 1 - (link[1]+msHour-1)%msHour}
	}
	return Finding{
		Kind:  "errors",
		Title: []Part{f.commonError(in) + " from " + f.bucket(in)},
		Text: []Part{
			fmt.Sprintf("%s of %s failed (%s), ", count(worst.failed), plural(worst.requests, "request"), share(worst.failed, worst.requests)),
			[2]int64{from, to},
			".",
		},
		Link: "Look at it", Page: "details", Bucket: in,
		From: max(link[0], f.r.From), To: min(link[1], f.r.End),
	}, true
}

// commonError names the most frequent 5xx of a bucket.
func (f *finder) commonError(bucket int) string {
	for _, e := range f.r.Estimates.Errors() {
		if e.Bucket == bucket && e.Status >= 500 {
			if e.Code == "" {
				return strconv.Itoa(int(e.Status))
			}
			return fmt.Sprintf("%d %s", e.Status, e.Code)
		}
	}
	return "5xx"
}

// denied finds a network whose anonymous requests were denied.
func (f *finder) denied() (Finding, bool) {
	type from struct {
		network string
		bucket  int
	}
	sums, last := map[from]uint64{}, map[from]int64{}
	var worst from
	for _, who := range f.r.Estimates.Who() {
		if who.Kind != tally.Denied || who.Who != "" || who.Bucket >= 0 && !f.bursts[who.Bucket] {
			continue
		}
		of := from{who.Via, who.Bucket}
		sums[of] += who.N - who.Over
		last[of] = max(last[of], who.Last)
		if sums[of] > sums[worst] {
			worst = of
		}
	}
	n := sums[worst]
	if n < fewestDenied {
		return Finding{}, false
	}
	return Finding{
		Kind:  "denied",
		Title: []Part{"Anonymous requests to " + f.bucket(worst.bucket) + " from " + worst.network},
		Text:  []Part{count(n) + " requests, all denied. Last at ", last[worst], "."},
		Link:  "Who was denied?", Page: "security", Bucket: -1,
	}, true
}

// threats finds clients on a threat feed: those of high or medium confidence that were
// answered, else many that were not.
func (f *finder) threats() (Finding, bool) {
	type client struct {
		requests, answered uint64
		bucket             int
	}
	clients := map[uint16]*client{}
	var n, answered uint64
	worst, rank := uint16(0), math.MaxInt
	for c := range f.t.Threats() {
		if c.Value.Last < f.r.From {
			continue
		}
		number := uint16(c.Key)
		of := clients[number]
		if of == nil {
			of = &client{bucket: -1}
			clients[number] = of
		}
		n, answered = n+c.Value.Requests, answered+c.Value.Answered
		of.requests += c.Value.Requests
		of.answered += c.Value.Answered
		if c.Value.Answered > 0 {
			of.bucket = int(uint8(c.Key >> 24))
		}
		confidence := int(f.t.Threat(number).Confidence)
		if of.answered > 0 && (confidence < rank || confidence == rank && of.answered > clients[worst].answered) {
			worst, rank = number, confidence
		}
	}
	const medium = 1
	finding := Finding{Kind: "threats", Link: "Threat Intel", Page: "threats", Bucket: -1, Text: []Part{
		fmt.Sprintf("%s from %s, %s of them answered.", plural(n, "request"), plural(uint64(len(clients)), "known client"), count(answered)),
	}}
	switch {
	case rank <= medium:
		of := f.t.Threat(worst)
		name := of.Actor
		if name == "" || name == "Unassigned" {
			name = of.Client
		}
		confidence := [...]string{"high", "medium"}[rank]
		finding.Title = []Part{name + ", " + confidence + " confidence, was answered by " + f.bucket(clients[worst].bucket)}
	case n >= fewestThreats:
		finding.Title = []Part{plural(uint64(len(clients)), "client") + " on a threat feed"}
	default:
		return Finding{}, false
	}
	return finding, true
}

// growth finds the bucket that took in far more than in the period before.
func (f *finder) growth() (Finding, bool) {
	best := -1
	for b := range f.now {
		if f.known && f.now[b].added >= fewestAdded && f.now[b].added >= growth*f.before[b].added &&
			f.before[b].requests > 0 && (best < 0 || f.now[b].added > f.now[best].added) {
			best = b
		}
	}
	if best < 0 {
		return Finding{}, false
	}
	now, before := f.now[best].added, f.before[best].added
	text := "Nothing was added in the period before."
	if before > 0 {
		text = times(now, before) + " times as much as in the period before, " + size(before) + "."
	}
	return Finding{
		Kind: "growth", Title: []Part{f.bucket(best) + " took in " + size(now)}, Text: []Part{text},
		Link: "Data added", Page: "details", Bucket: best,
	}, true
}

// deletions finds the bucket that lost far more objects than in the period before.
func (f *finder) deletions() (Finding, bool) {
	best := -1
	for b, now := range f.now {
		if now.deleted < fewestDeleted {
			continue
		}
		unusual := now.deleted >= growth*max(f.before[b].deleted, 1)
		if !f.known {
			unusual = float64(now.deleted) >= manyOfRequests*float64(now.requests)
		}
		if unusual && (best < 0 || now.deleted > f.now[best].deleted) {
			best = b
		}
	}
	if best < 0 {
		return Finding{}, false
	}
	title := plural(f.now[best].deleted, "object") + " deleted from " + f.bucket(best)
	text := []Part{"Nobody is known to have done it."}
	for _, who := range f.r.Estimates.Who() {
		if who.Kind == tally.Deleted && who.Bucket == best {
			name := principal(who.Who)
			if name == "" {
				name = "Anonymous requests from " + who.Via
			}
			text = []Part{"Most by " + name + ", " + who.What + ", last at ", who.Last, "."}
			break
		}
	}
	return Finding{
		Kind: "deletions", Title: []Part{title}, Text: text,
		Link: "Who deleted objects?", Page: "security", Bucket: best,
	}, true
}

// oldTLS finds who still uses TLS below 1.2.
func (f *finder) oldTLS() (Finding, bool) {
	var n uint64
	var first *tally.Who
	for _, who := range f.r.Estimates.Who() {
		if who.Kind != tally.TLS {
			continue
		}
		n += who.N
		if first == nil {
			first = &who
		}
	}
	if n < fewestOldTLS {
		return Finding{}, false
	}
	name := principal(first.Who)
	if name == "" {
		name = "An anonymous client of " + first.Via
	}
	return Finding{
		Kind: "tls", Title: []Part{name + " still uses TLS " + first.What},
		Text: []Part{plural(n, "request") + " below TLS 1.2."},
		Link: "Who still uses TLS below 1.2?", Page: "security", Bucket: -1,
	}, true
}
