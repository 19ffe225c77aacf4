package checkpoint

// ID identifies one version of an object. It is an alias, so that a source's
// own interface, with [16]byte in it, fits a Store.
type ID = [16]byte
