package ingest

import "sync"

// reads are the objects that are being read. It is safe for concurrent use.
type reads struct {
	mu      sync.Mutex // guards objects
	objects map[*object]struct{}
}

func (r *reads) begin(o *object) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.objects == nil {
		r.objects = map[*object]struct{}{}
	}
	r.objects[o] = struct{}{}
}

func (r *reads) end(o *object) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.objects, o)
}

// Reading returns the URIs of the objects that are being read.
func (e *Engine) Reading() (uris []string) {
	e.reads.mu.Lock()
	defer e.reads.mu.Unlock()
	for o := range e.reads.objects {
		uris = append(uris, o.work.Object.URI())
	}
	return uris
}
