package accesslog

import (
	"strconv"
	"strings"
)

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
	n, err := strconv.ParseUint(s[1:], 10, 16)
	return int64(n), err == nil && n > 0
}
