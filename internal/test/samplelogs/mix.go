package samplelogs

import (
	"slices"
	"strings"
)

// ByBucket returns the records of Records(seed, n) with each bucket's behind
// one another, as log objects hold them.
func ByBucket(seed uint64, n int) []string {
	lines := Records(seed, n)
	slices.SortStableFunc(lines, func(a, b string) int { return strings.Compare(Bucket(a), Bucket(b)) })
	return lines
}

// Bucket returns the bucket of a record, its second field.
func Bucket(line string) string {
	_, rest, _ := strings.Cut(line, " ")
	bucket, _, _ := strings.Cut(rest, " ")
	return bucket
}

// Chunks joins lines, each with its newline, to texts of at most size bytes, as
// a reader of objects hands them on. A line that is longer is a text of its own.
func Chunks(lines []string, size int) []string {
	var chunks []string
	var b strings.Builder
	for _, line := range lines {
		if b.Len() > 0 && b.Len()+len(line)+1 > size {
			chunks = append(chunks, b.String())
			b.Reset()
		}
		b.WriteString(line)
		b.WriteByte('\n')
	}
	if b.Len() > 0 {
		chunks = append(chunks, b.String())
	}
	return chunks
}
