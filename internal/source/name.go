package source

import (
	"strings"
	"time"
)

// Name is what the key of a log object says, in either of S3's layouts:
//
//	[Prefix]YYYY-MM-DD-hh-mm-ss-UniqueString
//	[Prefix]SourceAccountId/SourceRegion/SourceBucket/YYYY/MM/DD/YYYY-MM-DD-hh-mm-ss-UniqueString
//
// A suffix such as ".gz" or ".zst" after UniqueString, from repacking, is allowed.
type Name struct {
	Time      time.Time // UTC; zero when the key is not that of a log object
	AccountID string    // partitioned layout only, as the two below
	Region    string
	Bucket    string // the source bucket
}

// StampLayout is the time in a log object's name, for time.Format.
const StampLayout = "2006-01-02-15-04-05"

const (
	stampLen  = len(StampLayout)
	uniqueLen = 16                       // UniqueString: 16 characters of [0-9A-Z]
	plainLen  = stampLen + 1 + uniqueLen // a name without Prefix and suffix
	dayLen    = len("2006/01/02")
)

// AccountLen is the number of digits of an AWS account id.
const AccountLen = 12

// ParseName parses a key, or a path that uses "/". ok is false for other keys.
// The strings of n are parts of key. It does not allocate.
//
// Prefix may end anywhere, so the name may begin in the middle of the file
// name, and the account id in the middle of its segment. A key whose folders
// are not those of the partitioned layout is of the simple one.
func ParseName(key string) (n Name, ok bool) {
	dir, base := "", key
	if i := strings.LastIndexByte(key, '/'); i >= 0 {
		dir, base = key[:i], key[i+1:]
	}
	at := findPlain(base)
	if at < 0 {
		return Name{}, false
	}
	n.Time, ok = parseStamp(base[at:])
	if !ok {
		return Name{}, false
	}
	if at == 0 { // in a partitioned key Prefix is before the account id
		n.AccountID, n.Region, n.Bucket, _ = parsePartition(dir)
	}
	return n, true
}

// findPlain returns the index in base of a name that ends at base's end or at a ".",
// or -1. Of several the last one counts: what is before it is Prefix.
func findPlain(base string) int {
	for end := len(base); end >= plainLen; {
		if at := end - plainLen; looksPlain(base[at:end]) {
			return at
		}
		end = strings.LastIndexByte(base[:end], '.')
	}
	return -1
}

// looksPlain reports whether s, of plainLen bytes, has the shape of a name.
func looksPlain(s string) bool {
	for i := range stampLen {
		if StampLayout[i] == '-' {
			if s[i] != '-' {
				return false
			}
		} else if !isDigit(s[i]) {
			return false
		}
	}
	if s[stampLen] != '-' {
		return false
	}
	for i := stampLen + 1; i < plainLen; i++ {
		if c := s[i]; !isDigit(c) && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return true
}

// parseStamp reads the time at the beginning of s, which has its shape.
func parseStamp(s string) (time.Time, bool) {
	year, month, day := number(s[0:4]), number(s[5:7]), number(s[8:10])
	hour, minute, second := number(s[11:13]), number(s[14:16]), number(s[17:19])
	if year == 0 || hour > 23 || minute > 59 || second > 59 {
		return time.Time{}, false
	}
	t := time.Date(year, time.Month(month), day, hour, minute, second, 0, time.UTC)
	// time.Date carries over: the 31st of June comes back as the 1st of July.
	if t.Month() != time.Month(month) || t.Day() != day {
		return time.Time{}, false
	}
	return t, true
}

// parsePartition reads the folders [Prefix]ACCOUNT/REGION/BUCKET/YYYY/MM/DD.
func parsePartition(dir string) (account, region, bucket string, ok bool) {
	if len(dir) < dayLen+1 || !isDay(dir[len(dir)-dayLen:]) || dir[len(dir)-dayLen-1] != '/' {
		return "", "", "", false
	}
	dir, bucket = cutLast(dir[:len(dir)-dayLen-1])
	dir, region = cutLast(dir)
	_, account = cutLast(dir)
	if !isBucket(bucket) || !IsRegion(region) || !EndsInAccount(account) {
		return "", "", "", false
	}
	return account[len(account)-AccountLen:], region, bucket, true
}

// EndsInAccount reports whether a folder's name ends in an account id, as the
// first folder behind Prefix does in the partitioned layout.
func EndsInAccount(folder string) bool {
	if len(folder) < AccountLen {
		return false
	}
	for i := len(folder) - AccountLen; i < len(folder); i++ {
		if !isDigit(folder[i]) {
			return false
		}
	}
	return true
}

// IsRegion reports whether s has the shape of a region's name: us-gov-west-1. Package
// partition tells which are known; a folder may have the name of another server's.
func IsRegion(s string) bool {
	hyphen := false
	for i := range len(s) {
		switch c := s[i]; {
		case c == '-':
			hyphen = true
		case !isDigit(c) && (c < 'a' || c > 'z'):
			return false
		}
	}
	return hyphen && isDigit(s[len(s)-1])
}

// isBucket also allows the bucket names of before 2018, with upper case and "_".
func isBucket(s string) bool {
	if len(s) < 3 || len(s) > 255 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if !isDigit(c) && (c|0x20 < 'a' || c|0x20 > 'z') && c != '-' && c != '.' && c != '_' {
			return false
		}
	}
	return true
}

// isDay reports whether s, of dayLen bytes, reads YYYY/MM/DD.
func isDay(s string) bool {
	for i := range dayLen {
		if i == 4 || i == 7 {
			if s[i] != '/' {
				return false
			}
		} else if !isDigit(s[i]) {
			return false
		}
	}
	return true
}

// cutLast cuts the last segment off a path.
func cutLast(path string) (dir, last string) {
	i := strings.LastIndexByte(path, '/')
	return path[:max(i, 0)], path[i+1:]
}

func number(digits string) (n int) {
	for i := range len(digits) {
		n = n*10 + int(digits[i]-'0')
	}
	return n
}

func isDigit(c byte) bool { return c-'0' <= 9 }
