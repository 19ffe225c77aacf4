package checkpoint

import (
	"encoding/binary"
	"fmt"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/wire"
)

// The keys. Numbers are in hexadecimal, so that keys of a kind sort by number.
const manifestKey = "manifest"

func journalKey(n uint64) string { return fmt.Sprintf("journal/%016x", n) }

func pageKey(n uint64) string { return fmt.Sprintf("page/%016x", n) }

func stateKey(generation, chunk uint64) string {
	return fmt.Sprintf("state/%016x/%08x", generation, chunk)
}

// manifest names a snapshot: what the journal's entries up to position add up to.
type manifest struct {
	generation uint64 // from 1 on
	position   uint64
	chunks     uint64 // of the state
	checksum   uint64 // of the state as a whole

	// Of the snapshot before it, which is to be deleted.
	oldPosition uint64
	oldChunks   uint64 // 0 means there was none
}

func (m *manifest) appendTo(b []byte) []byte {
	for _, n := range [...]uint64{m.generation, m.position, m.chunks, m.checksum, m.oldPosition, m.oldChunks} {
		b = binary.AppendUvarint(b, n)
	}
	return b
}

func decodeManifest(b []byte) (m manifest, err error) {
	r := newReader(b)
	for _, n := range [...]*uint64{&m.generation, &m.position, &m.chunks, &m.checksum, &m.oldPosition, &m.oldChunks} {
		*n = r.Uvarint()
	}
	if m.oldPosition > m.position {
		r.Fail(wire.ErrContent)
	}
	return m, r.End()
}

// garbage returns the keys that are obsolete once the manifest is stored. Deleted in
// order, the last one exists until all others are gone: see Store.clean. pages are
// those of forgotten groups.
func (m *manifest) garbage(pages []uint64) []string {
	var keys []string
	for i := range m.oldChunks {
		keys = append(keys, stateKey(m.generation-1, i))
	}
	for _, n := range pages {
		keys = append(keys, pageKey(n))
	}
	for n := m.oldPosition + 1; n <= m.position; n++ {
		keys = append(keys, journalKey(n))
	}
	return keys
}
