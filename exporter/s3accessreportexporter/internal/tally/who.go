package tally

import (
	"math/bits"
	"net/netip"
	"strings"

	"github.com/otelcol-s3audit/otelcol-s3audit/exporter/s3accessreportexporter/internal/sketch"
)

// Principal returns a requester without the name of a role's session, of which one program
// may have thousands.
func Principal(requester string) string {
	const assumed = ":assumed-role/"
	at := strings.Index(requester, assumed)
	if at < 0 {
		return requester
	}
	at += len(assumed)
	if role := strings.IndexByte(requester[at:], '/'); role >= 0 {
		return requester[:at+role]
	}
	return requester
}

// addWho counts a request in the lists of who did what. The sessions of a role are one; the
// last of them is kept.
func (t *Tally) addWho(r *Record, of *ofBucket) {
	who, via := r.Requester, r.Client
	t.scratch = t.scratch[:0]
	if who == "" {
		t.scratch = appendNetwork(t.scratch, r.Client)
		via = string(t.scratch)
	}
	hash := sketch.Hash(Principal(who))
	if who == "" {
		hash = sketch.Hash(via) + 1
	}
	for set := r.Marks &^ (1 << DeniedAnonymous); set != 0; set &= set - 1 {
		kind := Kind(bits.TrailingZeros16(set))
		what := r.Operation
		switch kind {
		case Denied:
			what = r.Code
		case TLS:
			what = r.TLS
		}
		if of.who[kind] == nil {
			of.who[kind] = sketch.NewTop(mostWho)
		}
		e, known := of.who[kind].Add(bits.RotateLeft64(hash, 17)^sketch.Hash(what), 1, 0)
		if !known || r.Time > e.Last {
			before := cap(e.Text)
			e.Text = appendText(appendText(e.Text[:0], who), what)
			e.Text = append(e.Text, via...)
			e.Last = r.Time
			if !known {
				t.grown += entryBytes
			}
			t.grown += max(0, cap(e.Text)-before)
		}
	}
}

// appendNetwork appends the network of an address: /24, or /48 of IPv6.
func appendNetwork(to []byte, client string) []byte {
	address, err := netip.ParseAddr(client)
	if err != nil {
		return append(to, client...)
	}
	size := 24
	if address = address.Unmap().WithZone(""); address.Is6() {
		size = 48
	}
	network, err := address.Prefix(size)
	if err != nil {
		return append(to, client...)
	}
	return network.AppendTo(to)
}
