package samplelogs

import (
	"fmt"
	"strconv"
)

// site is a bucket whose requests are logged, and where its logs go.
type site struct {
	share int // of all records where sites are mixed

	bucket, owner, account, region string

	vpce        string // suffix of its VPC endpoint
	accessPoint string // "" without one
	website     bool
	versioned   bool
	key         func(g *generator) string // a decoded object key
	mix         []weighted

	log logging
}

// weighted is a kind of event and how often it happens among its siblings.
type weighted struct {
	weight int
	make   func(g *generator)
}

// host is the virtual-hosted name of the bucket.
func (s *site) host() string { return s.bucket + ".s3." + s.region + ".amazonaws.com" }

// webHost is the name of its website.
func (s *site) webHost() string { return s.bucket + ".s3-website-" + s.region + ".amazonaws.com" }

const (
	ownerShop = "4f1a0c7be2d95386a7c1f0e9d8b7a6955443322110ffeeddccbbaa9988776655"
	ownerData = "9b8a7c6d5e4f30213243546576879809a1b2c3d4e5f60718293a4b5c6d7e8f90"
)

var sites = []site{
	{
		share: 6, bucket: "example-shop-assets", owner: ownerShop, account: "111122223333", region: "us-east-1",
		vpce: "x1y2z3a4", versioned: true, key: assetKey,
		mix: []weighted{
			{46, get(cloudFront)},
			{7, presignedGet},
			{10, get(application)},
			{6, head(application)},
			{8, put(application)},
			{2, list(application)},
			{10, get(visitor)},
			{1, copyObject},
			{1, configRead},
			{1, fault},
		},
		log: logging{bucket: "example-logs-us", prefix: "access/shop-assets/", perDay: 180, batch: 12},
	},
	{
		share: 3, bucket: "example-data-lake", owner: ownerData, account: "444455556666", region: "eu-central-1",
		vpce: "q7w8e9r0", accessPoint: "lake-readers", key: lakeKey,
		mix: []weighted{
			{38, get(application)},
			{14, head(application)},
			{12, list(application)},
			{10, put(application)},
			{3, multipart},
			{3, get(person)},
			{2, list(person)},
			{2, copyObject},
			{2, batchDelete},
			{2, lifecycle},
			{2, configRead},
			{2, fault},
		},
		log: logging{bucket: "example-logs-eu", prefix: "s3/", layout: partitionedByEvent, perDay: 140, batch: 6},
	},
	{
		share: 9, bucket: "www.example.org", owner: ownerShop, account: "111122223333", region: "us-east-1",
		vpce: "x1y2z3a4", website: true, key: pageKey,
		mix: []weighted{{60, website}, {6, put(robot)}, {3, list(robot)}, {1, configRead}},
		log: logging{bucket: "example-logs-us", prefix: "access/www-", perDay: 130, batch: 8},
	},
	{
		share: 2, bucket: "example-backup-vault", owner: ownerData, account: "444455556666", region: "eu-central-1",
		vpce: "q7w8e9r0", versioned: true, key: backupKey,
		mix: []weighted{
			{8, multipart},
			{30, put(application)},
			{12, head(application)},
			{10, lifecycle},
			{6, list(application)},
			{4, batchDelete},
			{3, delivery},
			{2, checksum},
			{2, fault},
		},
		log: logging{bucket: "example-logs-eu", prefix: "s3/", layout: partitionedByDelivery, perDay: 30, batch: 4},
	},
	{
		share: 1, bucket: "example-partner-exchange", owner: ownerData, account: "444455556666", region: "eu-west-1",
		vpce: "m5n6b7v8", versioned: true, key: partnerKey,
		mix: []weighted{
			{18, presignedGet},
			{24, get(robot)},
			{14, get(person)},
			{10, put(robot)},
			{8, list(person)},
			{6, head(person)},
			{4, copyObject},
			{4, fault},
			{2, configRead},
			{2, batchDelete},
		},
		log: logging{bucket: "example-logs-eu", prefix: "archive/", layout: partitionedByEvent, gzip: true, perDay: 40, batch: 2},
	},
}

// anySite picks a site by its share.
func (g *generator) anySite() *site {
	total := 0
	for i := range sites {
		total += sites[i].share
	}
	n := g.rng.IntN(total)
	i := 0
	for n -= sites[0].share; n >= 0; n -= sites[i].share {
		i++
	}
	return &sites[i]
}

func assetKey(g *generator) string {
	return fmt.Sprintf("media/products/%d/%s/%s-%d.%s", 10000+g.rng.IntN(9000),
		pick(g, []string{"original", "thumb 320x240", "zoom"}), g.text(12, lowerHex), 1+g.rng.IntN(4), pick(g, []string{"jpg", "webp", "avif"}))
}

func lakeKey(g *generator) string {
	return fmt.Sprintf("%s/dt=%s/hour=%02d/part-%05d-%s.parquet",
		pick(g, []string{"clicks", "orders", "stock_levels", "sessions"}), g.now.Format("2006-01-02"), g.now.Hour(), g.rng.IntN(200), g.text(12, lowerHex))
}

func pageKey(g *generator) string {
	return pick(g, []string{
		"index.html", "blog/2026/11/what-is-new/index.html", "assets/app.7c1f0e9d.js", "assets/style.3b1c.css",
		"images/logo.svg", "über uns/index.html", "favicon.ico", "downloads/price list 2026.pdf",
	})
}

func backupKey(g *generator) string {
	return fmt.Sprintf("pg/cluster-%d/basebackup/%s/base.%d.tar.zst", 1+g.rng.IntN(3), g.now.Format("20060102T150405Z"), g.rng.IntN(64))
}

func partnerKey(g *generator) string {
	return pick(g, []string{"incoming/", "outgoing/"}) + pick(g, []string{"Müller & Söhne/", "ACME Ltd/", "日本支社/"}) +
		"Invoice #" + strconv.Itoa(20260000+g.rng.IntN(9999)) + pick(g, []string{" (final).pdf", "+annex.xlsx", " 50% off.csv"})
}

func (g *generator) uuid() string {
	return g.text(8, lowerHex) + "-" + g.text(4, lowerHex) + "-4" + g.text(3, lowerHex) + "-a" + g.text(3, lowerHex) + "-" + g.text(12, lowerHex)
}
