package accesslog

// isTLSVersion reports whether s is TLSv1.2 or the like, in any case.
func isTLSVersion(s string) bool {
	return len(s) > 4 && s[0]|0x20 == 't' && s[1]|0x20 == 'l' && s[2]|0x20 == 's' && s[3]|0x20 == 'v'
}

// TLSVersionNumber returns "1.2" for "TLSv1.2" in any case and "" for "". Of
// "TLSv1", OpenSSL's name of TLS 1.0, it returns "1.0". Other text is returned
// as it is. The result is a part of s or a constant.
func TLSVersionNumber(s string) string {
	if !isTLSVersion(s) {
		return s
	}
	number := s[len("TLSv"):]
	if number == "1" {
		return "1.0"
	}
	return number
}
