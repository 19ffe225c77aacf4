package directory

import (
	"strings"
	"time"
)

// temporaryError is the error of a file that has the name of a copy in the making.
type temporaryError struct{ modified time.Time }

func (temporaryError) Error() string {
	return "it has the name of a copy in the making, and there may be more: rename what is whole and to be read"
}

// temporarySuffixes are what tools append to the name of a file while they write it:
// rclone, gsutil and gcloud, MinIO's clients, WinSCP, lftp, aria2, browsers, and what
// many use. rsync, azcopy and Syncthing write to dot files, curl, wget, scp and cp to
// the name itself.
var temporarySuffixes = []string{
	".partial", "_.gstmp", ".part.minio", ".filepart", ".lftp-pget-status", ".aria2", ".crdownload", ".part", ".tmp",
}

// isTemporary reports whether a name is one that a usual tool gives to a file while it
// writes it, to rename it at the end. A name outside these rules is no harm: a file that
// is renamed is known again.
func isTemporary(name string) bool {
	for _, suffix := range temporarySuffixes {
		if strings.HasSuffix(name, suffix) {
			return true
		}
	}
	return ofAWS(name) || ofS5cmd(name)
}

// ofAWS reports whether a name is NAME.6E8b2d1a of the AWS CLI and boto3, with eight
// hexadecimal digits, or NAME.s3tmp.x1Y2z3W4 of AWS's other SDKs. Digits alone are a date
// or a number: of 550 names of the CLI one is like that.
func ofAWS(name string) bool {
	dot := strings.LastIndexByte(name, '.')
	if dot < 1 || len(name)-dot-1 != 8 {
		return false
	}
	base, random := name[:dot], name[dot+1:]
	if strings.HasSuffix(base, ".s3tmp") {
		return true
	}
	for i := range len(random) {
		if c := random[i]; c-'0' > 9 && (c|0x20 < 'a' || c|0x20 > 'f') {
			return false
		}
	}
	return strings.Trim(random, "0123456789") != ""
}

// s5cmdDigits are how many digits s5cmd appends: those of a random number of 32 bits,
// nearly always this many.
const s5cmdMin, s5cmdMax = 8, 10

// ofS5cmd reports whether a name is NAME4294967295 of s5cmd, where NAME ends as S3's log
// objects and packed files do.
func ofS5cmd(name string) bool {
	base := strings.TrimRight(name, "0123456789")
	if n := len(name) - len(base); n >= s5cmdMin && n <= s5cmdMax && !isDate(name[len(base):]) {
		for _, suffix := range []string{".gz", ".zst", ".log", ".json", ".txt"} {
			if strings.HasSuffix(base, suffix) {
				return true
			}
		}
	}
	// 2026-11-22-10-00-00-AAAAAAAAAAAAAAAA, whose last part may end in digits too.
	const plain = len("2006-01-02-15-04-05-") + 16
	if n := len(name) - plain; n < s5cmdMin || n > s5cmdMax {
		return false
	}
	_, err := time.Parse("2006-01-02-15-04-05-", name[:plain-16])
	return err == nil && strings.Trim(name[plain-16:plain], "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") == "" &&
		strings.Trim(name[plain:], "0123456789") == ""
}

func isDate(s string) bool {
	_, err := time.Parse("20060102", s)
	return err == nil
}
