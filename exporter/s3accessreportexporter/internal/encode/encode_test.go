package encode

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/exporter/s3accessreportexporter/internal/tally"
)

var now = time.Date(2026, 11, 17, 15, 42, 8, 0, time.UTC).UnixMilli()

// table is a table of the data: columns by name.
type table map[string][]int64

type data struct {
	Format, Start, Oldest, Newest, End, Records int64
	OtherBucket, OtherOp                        int64
	Buckets, Ops, Dict                          []string
	Tiers                                       []struct{ From, Width int64 }
	Cells, Hours, Security                      table
	Ranges                                      []struct {
		ID          string
		From, Since int64
		Errors, Geo table
		Top         map[string]map[string]table
		Distinct    map[string]struct {
			All    int64
			Bucket []int64
		}
		Who      table
		Sketches struct {
			B, O, Max, Zero, ZeroFirst []int64
			Total, First               [][]int64
		}
		Findings []struct{ Kind string }
	}
	Threats    map[string]any
	Attributes map[string]int64
	Bounds     struct {
		Sketch struct{ Gamma, Offset float64 }
		Who    int
	}
}

func decoded(t *testing.T, of *tally.Tally, level int) (d data) {
	t.Helper()
	require.NoError(t, json.Unmarshal(Of(of, "S3 <access>", now, level).JSON, &d))
	for _, columns := range []table{d.Cells, d.Hours, d.Security} {
		for name, column := range columns {
			assert.Len(t, column, len(columns["dt"]), name)
		}
	}
	return d
}

// filled returns a tally of n records of so many days, and their sum of bytes sent.
func filled(n, days, buckets, operations int) (of *tally.Tally, sent int64) {
	random := rand.New(rand.NewPCG(1, 1))
	of = tally.New(720 * time.Hour)
	first := now - int64(days)*24*msHour
	for i := range n {
		r := tally.Record{
			UID: uint64(i) + 1, Time: first + (now-first)*int64(i+1)/int64(n),
			Bucket: fmt.Sprint("bucket-", random.IntN(buckets)), Operation: fmt.Sprint("OPERATION.", random.IntN(operations)),
			Client: fmt.Sprintf("192.0.2.%d", random.IntN(256)), Requester: fmt.Sprint("arn:aws:iam::111122223333:user/", random.IntN(500)),
			Key: fmt.Sprintf("folder-%d/%d/part-%05d.parquet", random.IntN(9), random.IntN(30), random.IntN(100_000)), Agent: fmt.Sprint("agent ", random.IntN(40)),
			Status: []uint16{200, 200, 200, 206, 403, 404, 503}[random.IntN(7)], Sent: random.Int64N(1 << 24), Added: random.Int64N(1 << 20),
			Total: int64(random.ExpFloat64() * 90), Turn: int64(random.ExpFloat64() * 30), Marks: uint16(1 << random.IntN(12) & (1<<tally.Kinds - 1)),
			Country: []string{"DE", "US", "FR"}[random.IntN(3)],
		}
		if r.Status >= 400 {
			r.Code = "Code"
		}
		if random.IntN(100) == 0 {
			r.Confidence, r.Actor, r.Feed, r.Feeds = 1, "HERON", "feed", "feed"
		}
		sent += r.Sent
		of.Add(&r, now)
	}
	return of, sent
}

func sum(column []int64) (n int64) {
	for _, v := range column {
		n += v
	}
	return n
}

func TestTheDataHoldsTheFiguresAtEachLevelOfDetail(t *testing.T) {
	const n = 40_000
	of, sent := filled(n, 20, 4, 5)
	rows := 0
	for level := range Levels {
		d := decoded(t, of, level)
		for name, columns := range map[string]table{"cells": d.Cells, "hours": d.Hours} {
			assert.EqualValues(t, n, sum(columns["n"]), name)
			assert.Equal(t, sent, sum(columns["out"]), name)
		}
		assert.EqualValues(t, n, d.Records)
		listed, most := map[[2]int64]int{}, 0
		for i, kind := range d.Ranges[3].Who["k"] {
			of := [2]int64{kind, d.Ranges[3].Who["b"][i]}
			listed[of]++
			most = max(most, listed[of])
		}
		assert.Equal(t, most, d.Bounds.Who, "rows of a list of who, as the page says")
		if level > 0 {
			assert.Less(t, len(d.Cells["n"]), rows, "coarser")
		}
		rows = len(d.Cells["n"])
		minute := d.Start / msMinute
		for i, step := range d.Cells["dt"] {
			minute += step
			require.True(t, step >= 0 && (step > 0 || i == 0 || d.Cells["b"][i-1] < d.Cells["b"][i] || d.Cells["o"][i-1] < d.Cells["o"][i]), "sorted, each cell once")
			width := int64(0)
			for _, tier := range d.Tiers {
				if tier.From <= minute*msMinute {
					width = tier.Width
				}
			}
			require.Zero(t, minute%width, "aligned to its tier")
		}
		assert.LessOrEqual(t, d.Tiers[0].From, d.Start)
		for _, r := range d.Ranges {
			assert.LessOrEqual(t, r.Since, r.From)
			assert.GreaterOrEqual(t, r.From, d.Start)
		}
	}
}

func TestTheRangesHoldTheirEstimates(t *testing.T) {
	const n = 20_000
	of, _ := filled(n, 20, 4, 5)
	d := decoded(t, of, 0)
	all := d.Ranges[3]
	assert.Equal(t, []string{"3h", "24h", "7d", "all"}, []string{d.Ranges[0].ID, d.Ranges[1].ID, d.Ranges[2].ID, all.ID})
	assert.Equal(t, d.End-3*msHour, d.Ranges[0].From)
	timed := sum(all.Sketches.Zero)
	for _, bins := range all.Sketches.Total {
		for i := 1; i < len(bins); i += 2 {
			timed += bins[i]
		}
	}
	assert.EqualValues(t, n, timed)
	assert.EqualValues(t, n, sum(all.Geo["n"]))
	assert.InEpsilon(t, 256, all.Distinct["client"].All, 0.07)
	assert.InEpsilon(t, 500, all.Distinct["requester"].All, 0.07)
	clients := all.Top["client"]["n"]
	require.NotEmpty(t, clients["w"])
	assert.Contains(t, d.Dict[clients["w"][0]], "192.0.2.")
	failed := int64(0)
	for i := range d.Cells["c4"] {
		failed += d.Cells["c4"][i] + d.Cells["c5"][i]
	}
	assert.Equal(t, failed, sum(all.Errors["n"]))
}

func TestAnEmptyTallyHasData(t *testing.T) {
	d := decoded(t, tally.New(720*time.Hour), 0)
	assert.Zero(t, d.Newest)
	assert.Len(t, d.Ranges, 4)
	assert.NotEmpty(t, d.Tiers)
}

// A month of 50 busy buckets: the page has 5 MB, of which the template takes less than one.
func TestAMonthOfFiftyBusyBucketsIsSmallEnough(t *testing.T) {
	if testing.Short() {
		t.Skip("half a minute")
	}
	of, _ := filled(1_500_000, 30, 50, 12)
	for level := range Levels {
		begin := time.Now()
		d := Of(of, "S3 access", now, level)
		made := time.Since(begin)
		compressed, err := Compress(d.JSON)
		require.NoError(t, err)
		t.Logf("level %d: %d KiB of JSON in %s, %d KiB compressed in %s; %d cells", level, len(d.JSON)>>10, made, len(compressed)>>10, time.Since(begin)-made, of.Used())
		if len(compressed) <= MostCompressed {
			if file := os.Getenv("REPORT_DATA"); file != "" { // for web/test/large.mjs
				require.NoError(t, os.WriteFile(file, d.JSON, 0o600))
			}
			assert.LessOrEqual(t, len(compressed)*4/3+1<<20, 5_000_000)
			return
		}
	}
	t.Error("it is too large at each level of detail")
}

// A client that is low in each bucket can be the first of all.
func TestTheHighestOfAllBucketsIsWholeHoweverLowItIsInEach(t *testing.T) {
	const buckets, others = 60, 20
	of, uid := tally.New(720*time.Hour), uint64(0)
	add := func(bucket int, client string, n int) {
		for range n {
			uid++
			r := tally.Record{UID: uid, Time: now, Bucket: fmt.Sprint("bucket-", bucket), Client: client, Status: 200, Sent: 10, Total: tally.Absent, Turn: tally.Absent}
			of.Add(&r, now)
		}
	}
	for b := range buckets {
		for i := range others {
			add(b, fmt.Sprint("client-", b, "-", i), 12)
		}
		add(b, "everywhere", 10)
	}
	d := decoded(t, of, 0)
	for order, each := range map[string]int64{"n": 10, "bytes": 100} {
		rows, got := d.Ranges[3].Top["client"][order], int64(0)
		for i, w := range rows["w"] {
			if d.Dict[w] == "everywhere" {
				got += rows[order][i] - rows["err"][i]
			}
		}
		assert.GreaterOrEqual(t, got, tally.MostListed*each, "%s, of the buckets with lists of their own", order)
		assert.Less(t, len(rows["w"]), (buckets+1)*(others+1)/2)
	}
}

// The smallest cells are added up, and none becomes one of another confidence.
func TestThreatsKeepTheirConfidenceWhenThereAreTooMany(t *testing.T) {
	of, want := tally.New(720*time.Hour), map[int64]int64{}
	for i := range 2 * mostThreats {
		confidence := uint8(1 + i%2)
		r := tally.Record{
			UID: uint64(i) + 1, Time: now - int64(i)*200, Bucket: "b", Operation: "REST.GET.OBJECT", Client: fmt.Sprint("client-", i%1500),
			Status: 200, Total: tally.Absent, Turn: tally.Absent, Confidence: confidence, Actor: "HERON",
		}
		of.Add(&r, now)
		want[int64(confidence-1)]++
	}
	threats := decoded(t, of, 0).Threats
	column := func(name string) (values []int64) {
		for _, v := range threats[name].([]any) {
			values = append(values, int64(v.(float64)))
		}
		return values
	}
	confidence, n, got := column("conf"), column("n"), map[int64]int64{}
	assert.Less(t, len(n), 2*mostThreats)
	for i := range n {
		got[confidence[i]] += n[i]
	}
	assert.Equal(t, want, got)
}

// Each name of a member is one that the page's declaration of the data has.
func TestTheNamesAreThoseOfThePage(t *testing.T) {
	declared, err := os.ReadFile("../../web/src/data.ts")
	if os.IsNotExist(err) {
		t.Skip("the page's source is not here")
	}
	require.NoError(t, err)
	known := map[string]bool{}
	for _, m := range regexp.MustCompile(`'?([\w.]+)'?\??:|'([\w.]+)'`).FindAllStringSubmatch(string(declared), -1) {
		known[m[1]], known[m[2]] = true, true
	}
	of, _ := filled(3000, 3, 3, 3)
	var all any
	require.NoError(t, json.Unmarshal(Of(of, "", now, 0).JSON, &all))
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			for name, member := range v {
				assert.True(t, known[name], "the page does not know %q", name)
				walk(member)
			}
		case []any:
			for _, member := range v {
				walk(member)
			}
		}
	}
	walk(all)
}
