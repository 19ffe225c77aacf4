package store

import (
	"slices"
	"testing"

	"github.com/cespare/xxhash/v2"

	"github.com/otelcol-s3audit/otelcol-s3audit/exporter/s3accessreportexporter/internal/wire"
)

func FuzzOpen(f *testing.F) {
	m := manifest{snapshot: 2, parts: 1, first: 3, oldParts: 2, oldFirst: 1}
	f.Add(m.encode(), []byte("part"), []byte("entry"))
	f.Fuzz(func(t *testing.T, manifest, part, entry []byte) {
		storage := newFake()
		for key, value := range map[string][]byte{keyManifest: manifest, keyPart(2, 0): part, keyEntry(3): entry} {
			storage.values[key] = append(wire.Fixed(nil, xxhash.Sum64(value)), value...)
		}
		var of state
		s, err := Open(t.Context(), storage, of.restore, of.restore)
		if err == nil && s.Append(t.Context(), slices.Clone(entry)) != nil {
			t.Error("what was opened cannot be used")
		}
	})
}
