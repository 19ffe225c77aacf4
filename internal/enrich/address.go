package enrich

import "net/netip"

// shortest is the length of "::"; S3 logs "-" where there was no client.
const shortest = 2

// ParseAddr parses an address of a log or a feed. It returns it without a zone, and as
// IPv4 if it is IPv4 in IPv6 (::ffff:192.0.2.1), so that one client is one address. It
// does not retain s and does not allocate for an address without a zone, or "-".
func ParseAddr(s string) (addr netip.Addr, ok bool) {
	if len(s) < shortest {
		return netip.Addr{}, false
	}
	addr, err := netip.ParseAddr(s)
	return addr.WithZone("").Unmap(), err == nil
}

// Public reports whether databases and feeds may be used for an address: not for
// private (RFC 1918, RFC 4193), loopback, link-local, multicast, unspecified and
// invalid ones. The ranges for documentation are public: the samples are in them.
func Public(addr netip.Addr) bool {
	addr = addr.Unmap()
	return addr.IsValid() && !addr.IsPrivate() && !addr.IsLoopback() &&
		!addr.IsLinkLocalUnicast() && !addr.IsMulticast() && !addr.IsUnspecified()
}
