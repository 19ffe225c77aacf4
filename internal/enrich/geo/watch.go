package geo

import "context"

// watch checks the files until ctx ends.
func (db *DB) watch(ctx context.Context) {
	defer close(db.done)
	loaded := make([]*file, len(db.cfg.Databases)) // by the position of their path
	refused := make([]bool, len(db.cfg.Databases))
	for first := true; ; first = false {
		for i, path := range db.cfg.Databases {
			if ctx.Err() != nil {
				return
			}
			// A refused file is read anew even if it looks the same: the reason may be
			// gone.
			if loaded[i] != nil && !refused[i] && loaded[i].current() {
				continue
			}
			f, err := load(path)
			if refused[i] = err != nil; refused[i] {
				db.deps.Attempted(Attempt{Path: path, Outcome: Refused, Err: err})
				continue
			}
			loaded[i] = f
			db.use(loaded)
			db.deps.Attempted(Attempt{Path: path, Outcome: Loaded})
		}
		if first {
			close(db.ready)
		}
		select {
		case <-ctx.Done():
			return
		case <-db.deps.After(db.cfg.ReloadInterval):
		}
	}
}

// use makes lookups use the loaded files.
func (db *DB) use(loaded []*file) {
	files := make([]*file, 0, len(loaded))
	for _, f := range loaded {
		if f != nil {
			files = append(files, f)
		}
	}
	db.inUse.Store(newDatabases(files))
}
