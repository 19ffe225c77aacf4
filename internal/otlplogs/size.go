package otlplogs

import (
	"math/bits"
	"strings"
)

// This file knows the protobuf encoding of OTLP logs. All tags are one byte.
// Sizes are exact for a record, but for its severity text; for what surrounds records, whose number is not
// known until the end, length prefixes count as the longest there are.

// maxPrefix is the tag and the longest length prefix of a message that a
// protobuf library accepts (2 GiB).
const maxPrefix = 1 + 5

// varint returns the size of n as a varint.
func varint(n uint64) int { return (bits.Len64(n|1) + 6) / 7 }

// field returns the size of a field of n bytes with its tag and length.
func field(n int) int { return 1 + varint(uint64(n)) + n }

// textSize returns the size of an attribute with a text: a KeyValue in the
// record.
func textSize(name, text string) int {
	// The most frequent thing of all: the three lengths are below 128.
	if n := len(name) + len(text); n < 128-8 {
		return 10 + n
	}
	return attributeSize(name, field(len(text)))
}

// attributeSize returns the size of an attribute, of which AnyValue has n bytes.
func attributeSize(name string, n int) int {
	return field(field(len(name)) + field(n))
}

// size returns the size of v as attributes.
func (v *values) size() int {
	size := 0
	for i := range v.all() {
		from := &v.items[i]
		switch from.kind {
		case kindText:
			size += textSize(from.name, from.text)
		case kindNumber:
			size += attributeSize(from.name, 1+varint(uint64(from.number)))
		case kindFlag:
			size += attributeSize(from.name, 2)
		case kindList:
			size += attributeSize(from.name, field(field(field(len(from.text)))))
		case kindWords:
			size += attributeSize(from.name, field(wordsSize(from.text)))
		}
	}
	return size
}

// wordsSize returns the size of the ArrayValue of a kindWords.
func wordsSize(text string) int {
	size := 0
	for word := range strings.SplitSeq(text, " ") {
		size += field(field(len(word)))
	}
	return size
}

// recordSize returns the size of a record with these attributes. Every record
// has two times, a severity and ids, though these may be empty.
func recordSize(v *values, s *subject) int {
	size := 9 + 9 + 2 + field(len("ERROR")) + field(len(s.event)) + v.size()
	if s.body == "" {
		size += field(0)
	} else {
		size += field(field(len(s.body)))
	}
	if s.trace.trace.IsEmpty() {
		return size + field(0) + field(0)
	}
	return size + field(len(s.trace.trace)) + field(len(s.trace.span)) + 5
}

// groupSize returns the size of a ResourceLogs without its records.
func (c *Converter) groupSize(key resourceKey) int {
	var v values
	v.ofResource(c.options.ServiceName, key)
	resource := v.size()
	scope := field(len(c.options.ScopeName)) + field(len(c.options.ScopeVersion))
	scopeLogs := field(scope) + field(len(schemaURL))
	return maxPrefix + field(resource) + field(len(schemaURL)) + maxPrefix + scopeLogs
}
