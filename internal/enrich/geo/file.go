package geo

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"

	"github.com/oschwald/maxminddb-golang/v2"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/enrich"
)

// Why a file is refused.
var (
	errNotRegular = errors.New("not a regular file")
	errTooLarge   = errors.New("larger than 2 GiB")
	errChanging   = errors.New("it changed while it was read")
	errNoMetadata = errors.New("invalid MaxMind DB file: there is no metadata in its last 128 KiB; name an .mmdb file, unpacked and whole")
	errNoPlaces   = errors.New("none of its records holds a country, a city, a location or an AS number under a recognised field name")
)

const (
	// notFound is the position of an address that a file does not have.
	notFound = 0
	// maxSize is four times the size of the largest known database.
	maxSize = 2 << 30
	// tailSize is how much of a file's end is compared to detect a change: it holds the
	// build time. Archives restore old times, and file systems reuse inode numbers.
	tailSize = 1024
	// metadataMarker begins the metadata. Both are within the last metadataSize bytes of
	// a database.
	metadataMarker = "\xab\xcd\xefMaxMind.com"
	metadataSize   = 128 << 10
	// maxProbes bounds the networks that are searched for a recognised field: half a
	// second's work.
	maxProbes = 1 << 20
)

// file is a database that was read and verified. It never changes.
type file struct {
	path   string
	info   os.FileInfo
	data   []byte // of the whole file; the reader's too
	reader *maxminddb.Reader
}

// load reads and verifies a file. Every error names the path.
func load(path string) (*file, error) {
	data, info, err := read(path)
	if err == nil {
		var reader *maxminddb.Reader
		if reader, err = open(data); err == nil {
			return &file{path: path, info: info, data: data, reader: reader}, nil
		}
	}
	var named *os.PathError
	if errors.As(err, &named) {
		return nil, fmt.Errorf("database: %w", err)
	}
	return nil, fmt.Errorf("database %s: %w", path, err)
}

// read returns the bytes of a file, consistent as far as its size and time show.
func read(path string) ([]byte, os.FileInfo, error) {
	before, err := os.Stat(path)
	if err != nil {
		return nil, nil, err
	}
	if !before.Mode().IsRegular() { // to open a pipe would be to wait for its writer
		return nil, nil, errNotRegular
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = f.Close() }() // it was only read
	if before, err = f.Stat(); err != nil {
		return nil, nil, err
	}
	if before.Size() > maxSize {
		return nil, nil, errTooLarge
	}
	// Its end first: a file that is not a database is not read into memory.
	tail, err := readFrom(f, max(0, before.Size()-metadataSize), before.Size())
	if err != nil {
		return nil, nil, err
	}
	if !bytes.Contains(tail, []byte(metadataMarker)) {
		return nil, nil, errNoMetadata
	}
	data, err := readFrom(f, 0, before.Size())
	if err != nil {
		return nil, nil, err
	}
	after, err := f.Stat()
	if err == nil && !sameStamp(before, after) {
		err = errChanging
	}
	return data, after, err
}

// readFrom returns the bytes of f between two offsets, the second one its size.
func readFrom(f io.ReaderAt, begin, end int64) ([]byte, error) {
	data := make([]byte, end-begin)
	n, err := f.ReadAt(data, begin)
	switch {
	case n == len(data):
		return data, nil
	case errors.Is(err, io.EOF):
		return nil, errChanging
	default:
		return nil, err
	}
}

// open verifies a database, so that no lookup and no decoding can fail later.
func open(data []byte) (*maxminddb.Reader, error) {
	reader, err := maxminddb.OpenBytes(data)
	if err != nil {
		return nil, err
	}
	if len(reader.Metadata.Description) == 0 {
		// The format's page asks for one, and so does Verify; ip-location-db has none.
		reader.Metadata.Description = map[string]string{"en": reader.Metadata.DatabaseType}
	}
	if err := reader.Verify(); err != nil {
		return nil, err
	}
	if !holdsPlaces(reader) {
		return nil, fmt.Errorf("%w (it is a %q database)", errNoPlaces, reader.Metadata.DatabaseType)
	}
	return reader, nil
}

// holdsPlaces reports whether one of the first networks has anything of a Place. It
// iterates over empty networks and aliases too, so that they count as probes: a tree
// with shared nodes may have 2^128 of them.
func holdsPlaces(reader *maxminddb.Reader) bool {
	left := maxProbes
	for result := range reader.Networks(maxminddb.IncludeNetworksWithoutData(), maxminddb.IncludeAliasedNetworks()) {
		var r record
		if result.Found() && result.Decode(&r) == nil && r.place() != (enrich.Place{}) {
			return true
		}
		if left--; left == 0 {
			break
		}
	}
	return false
}

// find returns the position of an address's record, or notFound.
func (f *file) find(addr netip.Addr) uint32 {
	if f.reader.Metadata.IPVersion == 4 && addr.Is6() { // an error to the reader
		return notFound
	}
	result := f.reader.Lookup(addr)
	if !result.Found() {
		return notFound
	}
	// A search tree's records have 32 bits at most, and address the data with what
	// is left of them after its nodes.
	return uint32(result.Offset()) + 1
}

// decode returns the place of the record at a position other than notFound.
func (f *file) decode(at uint32) enrich.Place {
	var r record
	if f.reader.LookupOffset(uintptr(at-1)).Decode(&r) != nil { // what was verified can be decoded
		return enrich.Place{}
	}
	return r.place()
}

func (f *file) describe() Database {
	meta := &f.reader.Metadata
	return Database{Path: f.path, Type: meta.DatabaseType, Entries: uint64(meta.NodeCount), Built: meta.BuildTime()}
}

// current reports whether the file at the path is still the one that was read.
func (f *file) current() bool {
	info, err := os.Stat(f.path)
	if err != nil || !sameStamp(info, f.info) || !os.SameFile(info, f.info) {
		return false
	}
	onDisk, err := os.Open(f.path)
	if err != nil {
		return false
	}
	defer func() { _ = onDisk.Close() }() // it was only read
	tail := f.data[max(0, len(f.data)-tailSize):]
	now := make([]byte, len(tail))
	_, err = onDisk.ReadAt(now, int64(len(f.data)-len(tail)))
	return err == nil && bytes.Equal(now, tail)
}

func sameStamp(a, b os.FileInfo) bool {
	return a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}
