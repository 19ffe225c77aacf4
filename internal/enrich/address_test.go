package enrich_test

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/enrich"
)

func TestParseAddr(t *testing.T) {
	for text, want := range map[string]string{
		"192.0.2.1":              "192.0.2.1",
		"2001:DB8::1":            "2001:db8::1",
		"::":                     "::",
		"::ffff:192.0.2.1":       "192.0.2.1",
		"::ffff:c000:201":        "192.0.2.1",
		"::ffff:192.0.2.1%eth0":  "192.0.2.1",
		"fe80::1%eth0":           "fe80::1",
		"64:ff9b::192.0.2.1":     "64:ff9b::c000:201",
		"":                       "",
		"-":                      "",
		"1":                      "",
		"192.0.2.1:443":          "",
		"192.0.2.0/24":           "",
		"192.0.2.256":            "",
		"192.0.2.01":             "",
		"[2001:db8::1]":          "",
		"x192.0.2.1":             "",
		"internal.amazonaws.com": "",
	} {
		addr, ok := enrich.ParseAddr(text)
		assert.Equal(t, want != "", ok, text)
		if ok {
			assert.Equal(t, want, addr.String(), text)
		} else {
			assert.False(t, addr.IsValid(), text)
		}
	}
}

func TestPublic(t *testing.T) {
	for text, want := range map[string]bool{
		"192.0.2.1": true, "198.51.100.1": true, "203.0.113.1": true, "2001:db8::1": true, // documentation
		"1.1.1.1": true, "172.32.0.1": true, "100.64.0.1": true, "2606:4700::1": true,
		"10.0.0.1": false, "172.16.0.1": false, "172.31.255.255": false, "192.168.1.1": false, "fd00::1": false,
		"127.0.0.1": false, "127.255.255.254": false, "::1": false,
		"169.254.169.254": false, "fe80::1": false, "fe80::1%eth0": false,
		"224.0.0.1": false, "239.255.255.255": false, "ff02::1": false, "ff0e::1": false,
		"0.0.0.0": false, "::": false,
		"::ffff:10.0.0.1": false, "::ffff:127.0.0.1": false, "::ffff:169.254.0.1": false, "::ffff:0.0.0.0": false,
		"::ffff:192.0.2.1": true,
	} {
		assert.Equal(t, want, enrich.Public(netip.MustParseAddr(text)), text)
	}
	assert.False(t, enrich.Public(netip.Addr{}))
}

func TestParseAddrAllocatesNothing(t *testing.T) {
	for _, text := range []string{"192.0.2.1", "2001:db8::1", "::ffff:192.0.2.1", "-", ""} {
		assert.Zero(t, testing.AllocsPerRun(100, func() { _, _ = enrich.ParseAddr(text) }), text)
	}
}

// Whatever is read has one form, and that form is read as itself.
func FuzzParseAddr(f *testing.F) {
	for _, seed := range []string{"192.0.2.1", "::ffff:10.0.0.1%a", "fe80::1%eth0", "-", "2001:db8::/32"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		addr, ok := enrich.ParseAddr(text)
		if !ok {
			return
		}
		assert.Empty(t, addr.Zone())
		assert.False(t, addr.Is4In6())
		again, ok := enrich.ParseAddr(addr.String())
		require.True(t, ok)
		assert.Equal(t, addr, again)
		assert.Equal(t, enrich.Public(addr), enrich.Public(again))
	})
}
