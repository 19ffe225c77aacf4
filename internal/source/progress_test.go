package source

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestIdentifyTellsObjectsApart(t *testing.T) {
	seen := map[ID]string{}
	for _, o := range [][3]string{
		{"logs", "a/b", "e"},
		{"logs", "a/b", ""},
		{"logs", "a/be", ""},
		{"logsa", "/b", "e"},
		{"logs", "a/b", "E"},
		{"", "logsa/b", "e"},
		{"logs", "a/b\x00c", "e"},
		{"logs", strings.Repeat("k", 1024), "e"},
	} {
		id := Identify(o[0], o[1], o[2])
		assert.Equal(t, id, Identify(o[0], o[1], o[2]))
		assert.Empty(t, seen[id], "%q", o)
		seen[id] = fmt.Sprintf("%q", o)
	}
	// A stored ID must mean the same object to the next version of this software.
	assert.Equal(t, "77430e49e50ad4f73c0b4ecac0776d5d", fmt.Sprintf("%x", Identify("logs", "a/b", "e")))
}

func BenchmarkIdentify(b *testing.B) {
	const key = "access/111122223333/us-east-1/my-source-bucket/2026/11/22/2026-11-22-00-00-00-0123456789ABCDEF"
	b.SetBytes(int64(len(key)))
	b.ReportAllocs()
	for b.Loop() {
		Identify("my-log-bucket", key, "9b2cf535f27731c974343645a3985328")
	}
}
