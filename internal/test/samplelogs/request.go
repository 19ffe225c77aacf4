package samplelogs

import (
	"encoding/base64"
	"encoding/binary"
	"strconv"
	"time"
)

// request is one record before it is written. "" is a bare dash in every field;
// for referer and agent it is the quoted dash that S3 writes there.
type request struct {
	owner, bucket string
	time          time.Time
	ip            string
	requester     string
	id            string
	operation     string
	key           string // as logged
	uri           string // without its quotes
	status        int    // 0: absent
	errorCode     string
	sent, size    int64 // bytes; 0: absent
	total, turn   int   // milliseconds; 0: absent
	referer       string
	agent         string
	version       string
	hostID        string
	signature     string
	cipher        string
	auth          string
	host          string
	tls           string
	accessPoint   string
	acl           string
	sourceRegion  string
}

// newRequest returns a record of the current bucket and time, with nothing
// known of its client yet.
func (g *generator) newRequest(operation string) request {
	return request{
		owner:     g.site.owner,
		bucket:    g.site.bucket,
		time:      g.now,
		id:        g.text(16, upperDigits),
		operation: operation,
		hostID:    g.hostID(),
	}
}

// append writes the record in the order of its fields, without a newline.
func (r *request) append(b []byte) []byte {
	b = appendField(b, r.owner)
	b = appendField(b, r.bucket)
	b = r.time.AppendFormat(b, "[02/Jan/2006:15:04:05 -0700] ")
	b = appendField(b, r.ip)
	b = appendField(b, r.requester)
	b = appendField(b, r.id)
	b = appendField(b, r.operation)
	b = appendField(b, r.key)
	if r.uri == "" {
		b = append(b, "- "...)
	} else {
		b = appendQuoted(b, r.uri)
	}
	b = appendNumber(b, int64(r.status))
	b = appendField(b, r.errorCode)
	b = appendNumber(b, r.sent)
	b = appendNumber(b, r.size)
	b = appendNumber(b, int64(r.total))
	b = appendNumber(b, int64(r.turn))
	b = appendQuoted(b, r.referer)
	b = appendQuoted(b, r.agent)
	b = appendField(b, r.version)
	b = appendField(b, r.hostID)
	b = appendField(b, r.signature)
	b = appendField(b, r.cipher)
	b = appendField(b, r.auth)
	b = appendField(b, r.host)
	b = appendField(b, r.tls)
	b = appendField(b, r.accessPoint)
	b = appendField(b, r.acl)
	b = appendField(b, r.sourceRegion)
	return b[:len(b)-1]
}

func appendField(b []byte, s string) []byte {
	if s == "" {
		s = "-"
	}
	return append(append(b, s...), ' ')
}

func appendQuoted(b []byte, s string) []byte {
	if s == "" {
		s = "-"
	}
	return append(append(append(b, '"'), s...), `" `...)
}

func appendNumber(b []byte, n int64) []byte {
	if n == 0 {
		return append(b, "- "...)
	}
	return append(strconv.AppendInt(b, n, 10), ' ')
}

const (
	upperDigits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ" // 32 letters, so that five bits choose one
	lowerHex    = "0123456789abcdef"
	tokenText   = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._" // 64
)

// text returns n letters of an alphabet whose size is a power of two.
func (g *generator) text(n int, alphabet string) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = alphabet[g.rng.Uint32()&uint32(len(alphabet)-1)]
	}
	return string(b)
}

// hostID returns the 76 letters of an x-amz-id-2: base64 of 56 bytes.
func (g *generator) hostID() string {
	var raw [56]byte
	for i := 0; i < len(raw); i += 8 {
		binary.LittleEndian.PutUint64(raw[i:], g.rng.Uint64())
	}
	return base64.StdEncoding.EncodeToString(raw[:])
}
