package otlplogs

import (
	"strings"
	"testing"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/accesslog"
)

func TestTmpMix(t *testing.T) {
	var r accesslog.Record
	var pct, keylen, q, eq, ref, attrs, qlen, ualen, nsens int
	for _, line := range mix().lines {
		_ = accesslog.Parse(line, &r)
		if strings.Contains(r.Key, "%") {
			pct++
		}
		keylen += len(r.Key)
		_, query, ok := strings.Cut(r.Target, "?")
		if ok {
			q++
			eq += strings.Count(query, "=")
			qlen += len(query)
		}
		if r.Referer != "" {
			ref++
		}
		ualen += len(r.UserAgent)
		if strings.Contains(query, "Signature") {
			nsens++
		}
	}
	for _, r := range mix().ready {
		attrs += len(r.attributes)
	}
	t.Log("pct", pct, "keylen", keylen/20000, "q", q, "eq", eq, "qlen", qlen, "ref", ref, "attrs", attrs, "ua", ualen/20000, nsens)
}
