// Package geo finds where a client address is and whose network it is in, in
// databases in MaxMind's format: City, Country and ASN files of MaxMind's schema
// and of the flat one of ip-location-db, for both address families or for one.
//
// # Merging
//
// For each field the first database that has it counts. Locations are never mixed: a
// database that names another country than an earlier one adds nothing of the place,
// and region, locality, postal code and location come from one database.
//
// # Memory
//
// A file is read into memory as a whole, not mapped: a mapped file that somebody
// truncates crashes the process. While one is replaced, both are in memory. Decoded
// places are cached by their positions in the databases, cacheSlots at most for all
// databases together: about 15 MB. The results of recent addresses are cached too.
//
// # Replacement
//
//	check, every interval --the file has changed--> read --> verify --> in use
//	                                                  |         |
//	                                                  +---------+--> refused:
//	                       the one before stays in use, the next check reads again
//
// The databases in use are one immutable value behind one pointer: readers take no lock,
// and an old database is freed after its last reader.
package geo

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync/atomic"
	"time"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/enrich"
)

// maxDatabases is enough for City, Country, ASN and one more, with a file for
// each address family.
const maxDatabases = 8

// Config has the settings. ReloadInterval is required.
type Config struct {
	Databases      []string      `mapstructure:"databases"`       // paths, maxDatabases at most; the first that has a field counts
	ReloadInterval time.Duration `mapstructure:"reload_interval"` // between two checks of the files
}

// Deps are what a DB needs besides its settings.
type Deps struct {
	// Attempted is called after each attempt to load a file, also for repeated failures;
	// a check of an unchanged file is not an attempt.
	// It is called by one goroutine and must not call Close. nil disables it.
	Attempted func(Attempt)
	// After is the clock; nil means the system clock.
	After func(time.Duration) <-chan time.Time
}

// Validate reports the wrong settings, an error for each, which names it by path, such
// as "geoip", and its key.
func (c *Config) Validate(path string) error {
	var errs []error
	if len(c.Databases) > maxDatabases {
		errs = append(errs, fmt.Errorf("`%s::databases` has %d files: it must be %d at most", path, len(c.Databases), maxDatabases))
	}
	for i, file := range c.Databases {
		if file == "" {
			errs = append(errs, fmt.Errorf("`%s::databases::%d` is empty: it must be a path", path, i))
		} else if slices.Contains(c.Databases[:i], file) {
			errs = append(errs, fmt.Errorf("`%s::databases::%d` is %s, which is named before: once is enough", path, i, file))
		}
	}
	if c.ReloadInterval <= 0 {
		errs = append(errs, fmt.Errorf("`%s::reload_interval` is %s: it must be more than 0s, such as 1m", path, c.ReloadInterval))
	}
	return errors.Join(errs...)
}

// LoadOutcome is how an attempt to load a file ended.
type LoadOutcome string

// The outcomes.
const (
	Loaded  LoadOutcome = "loaded"  // it is in use
	Refused LoadOutcome = "refused" // the one before, if there was one, stays in use
)

// Attempt is an attempt to load a file.
type Attempt struct {
	Path    string
	Outcome LoadOutcome
	Err     error // why it was refused: it names the path
}

// Database describes a database in use.
type Database struct {
	Path    string
	Type    string    // as it names itself: "GeoLite2-City"
	Entries uint64    // nodes of its search tree: about as many as it has networks
	Built   time.Time // by whoever made it
}

// DB looks addresses up. It is safe for concurrent use.
type DB struct {
	cfg    Config
	deps   Deps
	inUse  atomic.Pointer[databases]
	ready  chan struct{}
	cancel context.CancelFunc
	done   chan struct{}
}

// Open starts to load the databases and to watch their files. A missing or broken
// database is reported by Deps.Attempted, not by Open. The caller closes the DB.
func Open(cfg Config, deps Deps) (*DB, error) {
	if err := cfg.Validate("geoip"); err != nil {
		return nil, err
	}
	if deps.After == nil {
		deps.After = time.After
	}
	if deps.Attempted == nil {
		deps.Attempted = func(Attempt) {}
	}
	ctx, cancel := context.WithCancel(context.Background())
	db := &DB{cfg: cfg, deps: deps, ready: make(chan struct{}), cancel: cancel, done: make(chan struct{})}
	db.inUse.Store(newDatabases(nil))
	go db.watch(ctx)
	return db, nil
}

// Ready is closed when every database had its first attempt to load.
func (db *DB) Ready() <-chan struct{} { return db.ready }

// Close stops watching and waits; a verification under way is completed first, which
// takes some seconds for the largest files. Lookup still works.
func (db *DB) Close() {
	db.cancel()
	<-db.done
}

// Lookup returns the place of an address, nil when it is not known or the address
// is not enrich.Public. It takes no lock, and allocates nothing for a cached network.
func (db *DB) Lookup(addr netip.Addr) *enrich.Place {
	return db.inUse.Load().lookup(addr)
}

// Databases describes the databases in use, in the order of the settings.
func (db *DB) Databases() []Database {
	files := db.inUse.Load().files
	all := make([]Database, 0, len(files))
	for _, f := range files {
		all = append(all, f.describe())
	}
	return all
}
