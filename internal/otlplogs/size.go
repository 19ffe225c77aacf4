package otlplogs

import (
	"math/bits"
	"strings"

	"go.opentelemetry.io/collector/pdata/plog"
)

// This file knows the protobuf encoding of OTLP logs, as far as it makes sizes
// that are never below the real ones and little above. All tags are one byte.

// maxPrefix is the size of a tag and the longest length prefix of a message
// that a protobuf library accepts (2 GiB). It counts for what surrounds records,
// whose length is not known until the end.
const maxPrefix = 1 + 5

// varint returns the size of n as a varint.
func varint(n uint64) int { return (bits.Len64(n|1) + 6) / 7 }

// field returns the size of a field of n bytes with its tag and length.
func field(n int) int { return 1 + varint(uint64(n)) + n }

// textSize returns the size of an attribute whose name and text have n bytes
// together: the text is in an AnyValue, that and the name are in a KeyValue, and
// that is in the record.
func textSize(n int) int {
	// Four tags and lengths. All lengths but that of the name are below 128, or
	// one to three of them are longer than a byte.
	if size := 8 + n; size < 2+128 {
		return size
	}
	return 8 + n + 3*(varint(uint64(n+16))-1)
}

// attributeSize returns the size of an attribute, of which AnyValue has n bytes.
func attributeSize(name string, n int) int {
	return field(field(len(name)) + field(n))
}

// numberSize returns the size of an attribute that is an int.
func numberSize(name string, number int64) int {
	return attributeSize(name, 1+varint(uint64(number)))
}

// size returns the size of v as an attribute of a record.
func (v *value) size() int {
	switch v.kind {
	case kindNumber:
		return numberSize(v.name, v.number)
	case kindFlag:
		return attributeSize(v.name, 2)
	case kindList:
		return attributeSize(v.name, field(field(field(len(v.text)))))
	case kindWords:
		return attributeSize(v.name, field(wordsSize(v.text, string(rune(v.number)))))
	case kindDouble:
		return attributeSize(v.name, 9)
	case kindNone:
		return 0
	}
	return textSize(len(v.name) + len(v.text))
}

// wordsSize returns the size of the ArrayValue of a kindWords.
func wordsSize(text, separator string) int {
	size := 0
	for word := range strings.SplitSeq(text, separator) {
		size += field(field(len(word)))
	}
	return size
}

// recordSize returns the size of a record with these attributes and this body.
// Every record has two times, a severity and ids, though these may be empty.
func recordSize(lr plog.LogRecord, v *values, body string) int {
	size := 9 + 9 + 2 + field(len("ERROR")) + field(len(lr.EventName())) + v.size
	if body == "" {
		size += field(0)
	} else {
		size += field(field(len(body)))
	}
	if lr.TraceID().IsEmpty() {
		return size + field(0) + field(0)
	}
	return size + field(16) + field(8) + 5
}

// groupSize returns the size of a ResourceLogs without its records.
func (c *Converter) groupSize(key resourceKey) int {
	var v values
	c.addResource(&v, &key)
	resource := v.size
	scope := field(len(c.options.ScopeName)) + field(len(c.options.ScopeVersion))
	scopeLogs := field(scope) + field(len(schemaURL))
	return maxPrefix + field(resource) + field(len(schemaURL)) + maxPrefix + scopeLogs
}
