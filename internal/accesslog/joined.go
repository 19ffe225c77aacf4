package accesslog

import "strings"

const ownerLength = 64 // hexadecimal digits of a canonical user id

// maxBucketLength is the longest name a bucket can have: 63 bytes, and 255 for
// those of us-east-1 from before 2018.
const maxBucketLength = 255

// NextJoined returns where in line, after its first byte, another record
// begins that was joined to it by a space instead of a newline, or -1: at
// " <64 hex digits> <bucket> [dd/Mon/yyyy:hh:mm:ss +zzzz] ". The index is that
// of the space.
//
// A client can put the text of a whole record into its User-Agent, so this is
// for lines of known origin only.
func NextJoined(line string) int {
	for at := 0; ; at++ {
		i := strings.IndexByte(line[at:], '[')
		if i < 0 {
			return -1
		}
		at += i
		if start := recordStart(line, at); start > 0 {
			return start
		}
	}
}

// recordStart returns the index of the space before the record whose time
// begins at line[at], or -1.
func recordStart(line string, at int) int {
	if len(line) <= at+timeLength || line[at+timeLength] != ' ' || at == 0 || line[at-1] != ' ' {
		return -1
	}
	if _, ok := parseTime(line[at:]); !ok {
		return -1
	}
	before := line[:at-1]
	if longest := 1 + ownerLength + 1 + maxBucketLength; len(before) > longest {
		before = before[len(before)-longest:]
	}
	bucket := strings.LastIndexByte(before, ' ') + 1
	start := bucket - 1 - ownerLength - 1
	if start < 0 || bucket == len(before) || before[start] != ' ' || !isAll(before[start+1:bucket-1], classHex) {
		return -1
	}
	return at - 1 - len(before) + start
}
