package fakesqs

import (
	"net/http/httptest"
	"strconv"
	"sync"
	"time"
)

const (
	// Account is the account id in the addresses of queues.
	Account = "111122223333"
	// Region is the server's, and where its queues are by their ARNs.
	Region = "us-east-1"
)

// Server holds queues and answers for them over HTTP.
type Server struct {
	URL  string // http://127.0.0.1:port
	http *httptest.Server

	mu      sync.Mutex // guards everything below, and all queues
	queues  map[string]*Queue
	handles map[string]*message // all that were ever given out
	ids     int
	moved   time.Duration // how far the clock is ahead
	calls   map[string]int
	faults  map[string][]*Fault // by action, the next ones first
	news    chan struct{}       // closed and renewed when messages may be visible
}

// Start starts a server without queues. Close ends it.
func Start() *Server {
	s := &Server{
		queues: map[string]*Queue{}, handles: map[string]*message{},
		calls: map[string]int{}, faults: map[string][]*Fault{}, news: make(chan struct{}),
	}
	s.http = httptest.NewServer(s)
	s.URL = s.http.URL
	return s
}

// Close breaks all connections, long polls too, and waits for the requests.
func (s *Server) Close() {
	s.http.CloseClientConnections()
	s.http.Close()
}

// Advance moves the clock that visibility is measured by. It never stands still.
func (s *Server) Advance(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.moved += d
	s.changed()
}

// Calls tells how many requests of an action there were, such as
// "ReceiveMessage", with those that met a fault.
func (s *Server) Calls(action string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls[action]
}

func (s *Server) now() time.Time { return time.Now().Add(s.moved) }

// changed wakes the long polls.
func (s *Server) changed() {
	close(s.news)
	s.news = make(chan struct{})
}

func (s *Server) newID(kind string) string {
	s.ids++
	return kind + "-" + strconv.Itoa(s.ids)
}
