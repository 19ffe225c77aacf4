package scaling

import (
	"container/heap"
	"math/rand/v2"
	"time"
)

// Run is what is simulated of a collector.
type Run struct {
	Collector
	Records float64       // of each object
	For     time.Duration // of simulated time, of which the first tenth does not count
	// Arrivals is how many objects come in a second, at random times; 0: there is
	// always another one.
	Arrivals float64
	// Backlog is how many objects that are read may wait for a core. While there
	// are that many, a slot keeps its object.
	Backlog int
	// Spread draws how long something takes of which the mean is given, such as
	// Fixed or Exponential.
	Spread func(*rand.Rand, time.Duration) time.Duration
	Seed   uint64
}

// Outcome is what a run came to, behind its first tenth.
type Outcome struct {
	Objects int           // that were finished
	Rate    float64       // objects in a second
	Busy    float64       // the share of the cores' time that was used, 0 to 1
	Delay   time.Duration // from an object's arrival to its end, on average; 0 without Arrivals
}

// Fixed lets everything take its mean.
func Fixed(_ *rand.Rand, mean time.Duration) time.Duration { return mean }

// Exponential spreads widely: the deviation is the mean.
func Exponential(rng *rand.Rand, mean time.Duration) time.Duration {
	return time.Duration(rng.ExpFloat64() * float64(mean))
}

// simulation is a run at work. An object goes this way:
//
//	waiting -> slot: latency -> ready: PerObject -> read: its records -> done
//	           \______ holds a slot ___________/   \_ a core, no slot _/
type simulation struct {
	Run
	rng    *rand.Rand
	now    time.Duration
	events events

	waiting []time.Duration // when the objects came that have no slot yet
	named   int             // objects that were found and have no slot yet, when Finding limits them
	finding bool            // more are being looked for
	slots   int             // that are free
	cores   int             // that are free
	ready   []task          // for a core, in order
	read    int             // of them those that hold no slot
	blocked []task          // read, but keep their slots: there was no room in Backlog

	out  Outcome
	used time.Duration // of cores
}

// task is an object that needs a core.
type task struct {
	came    time.Duration
	fetched bool // its records are left; else its request
}

// Simulate runs a collector and returns what it did. The same run gives the same
// outcome.
func Simulate(r Run) Outcome {
	s := &simulation{Run: r, rng: rand.New(rand.NewPCG(r.Seed, 1)), slots: r.Concurrency, cores: int(r.Cores)}
	if r.Arrivals > 0 {
		s.arrive()
	}
	s.fill()
	for s.events.Len() > 0 {
		e := heap.Pop(&s.events).(event)
		if e.at > r.For {
			break
		}
		s.now = e.at
		e.do()
		s.fill()
		s.compute()
	}
	measured := (r.For - s.warm()).Seconds()
	s.out.Rate = float64(s.out.Objects) / measured
	s.out.Busy = s.used.Seconds() / measured / float64(int(r.Cores))
	if s.out.Objects > 0 {
		s.out.Delay /= time.Duration(s.out.Objects)
	}
	return s.out
}

func (s *simulation) warm() time.Duration { return s.For / 10 }

func (s *simulation) after(mean time.Duration, do func()) (took time.Duration) {
	took = s.Spread(s.rng, mean)
	heap.Push(&s.events, event{at: s.now + took, order: s.events.pushed, do: do})
	s.events.pushed++
	return took
}

// arrive lets an object come, and then the next one.
func (s *simulation) arrive() {
	gap := Exponential(s.rng, time.Duration(float64(time.Second)/s.Arrivals))
	heap.Push(&s.events, event{at: s.now + gap, order: s.events.pushed, do: func() {
		s.waiting = append(s.waiting, s.now)
		s.arrive()
	}})
	s.events.pushed++
}

// fill gives objects to free slots, and looks for more when all were given away.
func (s *simulation) fill() {
	for s.slots > 0 && !s.finding && (s.Arrivals == 0 || len(s.waiting) > 0) {
		came := s.now
		if s.Arrivals > 0 {
			came, s.waiting = s.waiting[0], s.waiting[1:]
		}
		if s.named--; s.named <= 0 && s.Finding.Names > 0 {
			s.finding = true
			s.after(s.Finding.Takes, func() { s.finding, s.named = false, s.Finding.Names })
		}
		s.slots--
		s.after(s.Latency, func() { s.ready = append(s.ready, task{came: came}) })
	}
}

// compute gives tasks to free cores.
func (s *simulation) compute() {
	for s.cores > 0 && len(s.ready) > 0 {
		next := s.ready[0]
		s.ready = s.ready[1:]
		s.cores--
		mean := s.PerObject
		if next.fetched {
			mean = s.work(s.Records)
			s.read--
			s.unblock()
		}
		took := s.after(mean, func() { s.computed(next) })
		if s.now >= s.warm() {
			s.used += took
		}
	}
}

// computed is the end of a task.
func (s *simulation) computed(t task) {
	s.cores++
	switch {
	case t.fetched:
		s.done(t)
	case s.Records == 0:
		s.slots++
		s.done(t)
	default:
		s.blocked = append(s.blocked, task{came: t.came, fetched: true})
		s.unblock()
	}
}

func (s *simulation) done(t task) {
	if s.now < s.warm() {
		return
	}
	s.out.Objects++
	if s.Arrivals > 0 {
		s.out.Delay += s.now - t.came
	}
}

// unblock hands objects on that are read, and frees their slots.
func (s *simulation) unblock() {
	for len(s.blocked) > 0 && s.read < s.Backlog {
		s.ready = append(s.ready, s.blocked[0])
		s.blocked = s.blocked[1:]
		s.read++
		s.slots++
	}
}

// event happens at a time, and of those at one time in the order of their making.
type event struct {
	at    time.Duration
	order int
	do    func()
}

// events implements heap.Interface.
type events struct {
	heap   []event
	pushed int
}

func (e *events) Len() int { return len(e.heap) }
func (e *events) Less(i, j int) bool {
	a, b := &e.heap[i], &e.heap[j]
	return a.at < b.at || a.at == b.at && a.order < b.order
}
func (e *events) Swap(i, j int) { e.heap[i], e.heap[j] = e.heap[j], e.heap[i] }
func (e *events) Push(x any)    { e.heap = append(e.heap, x.(event)) }

func (e *events) Pop() any {
	last := e.heap[len(e.heap)-1]
	e.heap = e.heap[:len(e.heap)-1]
	return last
}
