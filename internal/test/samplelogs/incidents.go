package samplelogs

import (
	"fmt"
	"strconv"
	"time"
)

// incident is something out of the ordinary that a week of logs tells of: what one object
// holds of it.
type incident struct {
	bucket string
	after  time.Duration // of the week's start
	lasts  time.Duration
	make   func(g *generator, n int, step time.Duration)
	n      int // events
}

const day = 24 * time.Hour

// incidents are in each week. The last hours have the failures and the threat, the last day
// the bucket that grows, the week the scan.
var incidents = []incident{
	{"example-partner-exchange", 3*day + 2*time.Hour + 14*time.Minute, 11 * time.Minute, scan, 160},
	{"example-backup-vault", 6*day + 5*time.Hour, 40 * time.Minute, bigBackup, 40},
	{"example-shop-assets", 6*day + 22*time.Hour + 10*time.Minute, 12 * time.Minute, overload, 130},
	{"example-partner-exchange", 6*day + 22*time.Hour + 41*time.Minute, 26 * time.Minute, theft, 48},
}

// incidentObjects returns the objects of the incidents. They have a generator of their own, so that the ordinary
// traffic is the same with them and without.
func incidentObjects(seed uint64) (objects []Object) {
	for i, what := range incidents {
		var lines []string
		g := newGenerator(seed+uint64(i)<<32+1<<40, func(line []byte) error {
			lines = append(lines, string(line))
			return nil
		})
		for i := range sites {
			if sites[i].bucket == what.bucket {
				g.site = &sites[i]
			}
		}
		begin := weekStart.Add(what.after)
		g.now = begin
		what.make(g, what.n, what.lasts/time.Duration(what.n))
		delivered := begin.Truncate(time.Hour).Add(time.Hour + time.Duration(5+g.rng.IntN(50))*time.Minute)
		objects = append(objects, Object{Path: g.objectPath(begin, delivered), Lines: lines, Gzip: g.site.log.gzip})
	}
	return objects
}

// scan is a network that tries names of objects without credentials, and gets none.
func scan(g *generator, n int, step time.Duration) {
	for i := range n {
		r := g.newRequest("REST.GET.OBJECT")
		g.overTLS(&r)
		r.ip = "203.0.113." + strconv.Itoa(130+g.rng.IntN(24))
		r.agent = "python-requests/2.32.5"
		r.key = pick(g, []string{"backup", "db", "export", "users", "invoices"}) + "-" + strconv.Itoa(2016+i%11) + pick(g, []string{".zip", ".sql", ".csv", ".tar.gz"})
		r.uri = "GET /" + r.key + " HTTP/1.1"
		r.status, r.errorCode, r.sent = 403, "AccessDenied", 243
		g.timed(&r)
		g.emit(&r)
		g.now = g.now.Add(step).Truncate(time.Second)
	}
}

// bigBackup is one upload in n parts of 64 MiB, by an agent that the week has seen.
func bigBackup(g *generator, n int, step time.Duration) {
	const part = 64 << 20 // bytes
	upload := g.text(64, tokenText) + "--"
	key := "pg/cluster-2/basebackup/" + g.now.Format("20060102T150405Z") + "/base.0.tar.zst"
	emit := func(operation, method, query string, sent, size int64) {
		r := g.newRequest(operation)
		r.requester = "arn:aws:sts::" + g.site.account + ":assumed-role/backup-agent/i-05d2c1b0a9f8e7d6c"
		r.ip, r.agent, r.sourceRegion = "10.21.7.40", sdks[0], g.site.region
		g.signed(&r)
		r.key = key
		r.uri = method + " /" + key + "?" + query + " HTTP/1.1"
		r.status, r.sent, r.size = 200, sent, size
		g.timed(&r)
		if operation == "REST.POST.UPLOAD" {
			r.total = r.turn // its size was sent with the parts
		}
		g.emit(&r)
	}
	emit("REST.POST.UPLOADS", "POST", "uploads=", 390, 0)
	for i := range n {
		g.now = g.now.Add(step)
		emit("REST.PUT.PART", "PUT", fmt.Sprintf("partNumber=%d&uploadId=%s&x-id=UploadPart", i+1, upload), 0, part)
	}
	g.now = g.now.Add(time.Second)
	emit("REST.POST.UPLOAD", "POST", "uploadId="+upload, 520, int64(n)*part)
}

// overload is a rush of reads, two of three of which S3 asks to slow down.
func overload(g *generator, n int, step time.Duration) {
	for i := range n {
		r := g.getRequest(pick(g, []client{cloudFront, application}))
		if i%3 > 0 {
			r.status, r.errorCode, r.sent, r.size, r.version = 503, "SlowDown", int64(240+g.rng.IntN(60)), 0, ""
			r.total, r.turn = 20+g.rng.IntN(300), 0
		}
		g.emit(&r)
		g.now = g.now.Add(step).Truncate(time.Second)
	}
}

// theft is a client of testdata/feeds/sample.json that reads with a partner's keys, and is
// answered.
func theft(g *generator, n int, step time.Duration) {
	for range n {
		r := g.newRequest("REST.GET.OBJECT")
		g.signed(&r)
		r.requester = "arn:aws:iam::" + g.site.account + ":user/partner-sftp"
		r.ip, r.agent = "203.0.113.101", "rclone/v1.71.2"
		g.object(&r, "GET", "x-id=GetObject")
		r.size = 200_000 + g.rng.Int64N(3<<20)
		r.status, r.sent, r.version = 200, r.size, g.text(32, tokenText)
		g.timed(&r)
		g.emit(&r)
		g.now = g.now.Add(step).Truncate(time.Second)
	}
}
