package accesslog

import "strings"

// SplitHost splits a Host header into address and port; port is Absent when
// there is none. The brackets of an IPv6 address are taken off. A header that
// does not fit "address[:port]" is an address as a whole.
func SplitHost(host string) (address string, port int64) {
	colon := strings.IndexByte(host, ':')
	if colon < 0 {
		return host, Absent
	}
	address = host[:colon]
	if host[0] == '[' {
		end := strings.IndexByte(host, ']')
		if end < 0 {
			return host, Absent
		}
		address = host[1:end]
		colon = end + 1
	}
	port, ok := portNumber(host[colon:])
	if !ok || address == "" {
		return host, Absent
	}
	return address, port
}

// portNumber reads what follows an address: ":" and a port, 1 to 65535. Nothing
// is right too, and so is ":" alone, which by RFC 3986 means the same.
func portNumber(s string) (port int64, ok bool) {
	if s == "" || s == ":" {
		return Absent, true
	}
	if s[0] != ':' {
		return 0, false
	}
	for i := 1; i < len(s); i++ {
		if s[i]-'0' > 9 {
			return 0, false
		}
		if port = port*10 + int64(s[i]-'0'); port > 65535 {
			return 0, false
		}
	}
	return port, port > 0
}
