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
	Time  time.Time // UTC; zero when the key is not that of a log object
	Dated bool      // right in a folder YYYY/MM/DD, as in the partitioned layout

	// Of the partitioned layout only. Account and region folders may be any word: the
	// three are empty unless one of them has the form of an account or a region, and each
	// is empty without its own form.
	AccountID string
	Region    string
	Bucket    string // the source bucket
}

// StampLayout is the time in a log object's name, for time.Format.
const StampLayout = "2006-01-02-15-04-05"

const (
	stampLen = len(StampLayout)
	dayLen   = len("2006/01/02")

	// UniqueString has 16 characters of [0-9A-Z] in S3. Other servers write 8 to 64, in
	// lower case too.
	minUnique = 8
	maxUnique = 64
)

// AccountLen is the number of digits of an AWS account id.
const AccountLen = 12

// ParseName parses a key, or a path that uses "/". ok is false for other keys.
// The strings of n are parts of key. It does not allocate.
//
// Prefix may end anywhere, so the name may begin in the middle of the file name, and the
// account id in the middle of its segment. A key whose last folders are not a day is of
// the simple layout.
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
		n.parseFolders(dir)
	}
	return n, true
}

// findPlain returns the index in base of a name that ends at base's end or at a ".",
// or -1. Of several the last one counts: what is before it is Prefix.
func findPlain(base string) int {
	for end := len(base); end > 0; end = strings.LastIndexByte(base[:end], '.') {
		dash := strings.LastIndexByte(base[:end], '-')
		if dash >= stampLen && isUnique(base[dash+1:end]) && looksStamped(base[dash-stampLen:dash]) {
			return dash - stampLen
		}
	}
	return -1
}

func isUnique(s string) bool {
	if len(s) < minUnique || len(s) > maxUnique {
		return false
	}
	for i := range len(s) {
		if c := s[i]; !isDigit(c) && (c|0x20 < 'a' || c|0x20 > 'z') {
			return false
		}
	}
	return true
}

// looksStamped reports whether s, of stampLen bytes, has the shape of a time.
func looksStamped(s string) bool {
	for i := range stampLen {
		if StampLayout[i] == '-' {
			if s[i] != '-' {
				return false
			}
		} else if !isDigit(s[i]) {
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

// parseFolders reads the folders [Prefix]ACCOUNT/REGION/BUCKET/YYYY/MM/DD.
func (n *Name) parseFolders(dir string) {
	day := len(dir) - dayLen
	if day < 0 || !isDay(dir[day:]) || day > 0 && dir[day-1] != '/' {
		return
	}
	n.Dated = true
	dir, bucket := cutLast(dir[:max(day-1, 0)])
	dir, region := cutLast(dir)
	_, account := cutLast(dir)
	if !isBucket(bucket) || region == "" || account == "" {
		return
	}
	if IsRegion(region) {
		n.Region, n.Bucket = region, bucket
	}
	if EndsInAccount(account) {
		n.AccountID, n.Bucket = account[len(account)-AccountLen:], bucket
	}
}

// IsAccount reports whether a text is an account id.
func IsAccount(text string) bool { return len(text) == AccountLen && EndsInAccount(text) }

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
