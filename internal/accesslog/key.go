package accesslog

import "strings"

// AppendKey appends the record's decoded key to dst, as the function of that name does.
// A RawKey needs no decoding.
func (r *Record) AppendKey(dst []byte) (out []byte, needed bool) {
	if r.RawKey {
		return dst, false
	}
	return AppendKey(dst, r.Operation, r.Key)
}

// AppendKey appends the decoded key of a record with this operation to dst:
// twice percent-decoded, or once as a form, where "+" is a space, for BATCH.*
// and S3.*. A bad escape stops the decoding at that level: the key stays as the
// level before left it. needed reports whether decoding changes the key at all;
// without it dst is returned as it was, and the key is to be used as logged.
// It allocates only to grow dst.
func AppendKey(dst []byte, operation, key string) (out []byte, needed bool) {
	form := strings.HasPrefix(operation, "BATCH.") || strings.HasPrefix(operation, "S3.")
	escaped := strings.IndexByte(key, '%') >= 0 || form && strings.IndexByte(key, '+') >= 0
	if escaped && !form {
		if out, ok := appendTwice(dst, key); ok {
			return out, true
		}
	}
	if !escaped || !isEncoded(key) {
		return dst, false
	}
	start := len(dst)
	dst = append(dst, key...)
	level := dst[start:]
	level = level[:decode(level, form)]
	if !form && isEncoded(level) {
		level = level[:decode(level, false)]
	}
	return dst[:start+len(level)], true
}

// Folders returns the first n folders of a decoded key, each with its slash, or all of
// them when there are fewer: of "a/b/c.txt" they are "a/" and "b/". all says that there
// are n.
func Folders[T string | []byte](key T, n int) (folders T, all bool) {
	end := 0
	for i := 0; i < len(key) && n > 0; i++ {
		if key[i] == '/' {
			end = i + 1
			n--
		}
	}
	return key[:end], n == 0
}

// appendTwice appends the decoded key if every percent sign in it begins an
// escape that was encoded again, "%25" and two digits, as S3 nearly always
// writes them. It decodes both levels at once; what is between two escapes is
// copied as a whole.
func appendTwice(dst []byte, key string) (out []byte, ok bool) {
	for {
		i := strings.IndexByte(key, '%')
		if i < 0 {
			return append(dst, key...), true
		}
		escape := key[i:]
		if len(escape) < len("%2520") || escape[1] != '2' || escape[2] != '5' || !isHex(escape[3]) || !isHex(escape[4]) {
			return dst, false
		}
		dst = append(dst, key[:i]...)
		dst = append(dst, unhex(escape[3])<<4|unhex(escape[4]))
		key = escape[len("%2520"):]
	}
}

// isEncoded reports whether every percent sign in s begins an escape.
func isEncoded[T string | []byte](s T) bool {
	for i := 0; i < len(s); i++ {
		if s[i] != '%' {
			continue
		}
		if i+2 >= len(s) || !isHex(s[i+1]) || !isHex(s[i+2]) {
			return false
		}
		i += 2
	}
	return true
}

// decode decodes s, of which isEncoded holds, in place and returns its new
// length.
func decode(s []byte, form bool) int {
	n := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '%':
			c = unhex(s[i+1])<<4 | unhex(s[i+2])
			i += 2
		case c == '+' && form:
			c = ' '
		}
		s[n] = c
		n++
	}
	return n
}

func isHex(c byte) bool { return classes[c]&classHex != 0 }

// unhex returns the value of a hexadecimal digit.
func unhex(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c&^0x20 - 'A' + 10
}
