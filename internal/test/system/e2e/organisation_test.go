package e2e

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/samplelogs"
)

// Of the simulated organisation. The last account is the collector's own.
var (
	orgAccounts = []string{"111122223333", "222233334444", "333344445555", "444455556666", "555566667777"}
	orgRegions  = []string{"us-east-1", "eu-west-1", "ap-southeast-2"}
)

const (
	orgPerAccount = 8
	orgStatic     = "central-logs" // of the own account, named by the configuration
	orgExternalID = "external-2"   // of the third role
)

func orgRole(account string) string { return "arn:aws:iam::" + account + ":role/s3-audit-reader" }

// orgBucket is the name of an account's i-th bucket.
func orgBucket(account, i int) string {
	if account == len(orgAccounts)-1 && i == 0 {
		return orgStatic
	}
	return fmt.Sprintf("acme-%s-%d-access-logs", orgAccounts[account], i)
}

// orgPlace is where a bucket is, as log resources have it.
type orgPlace struct{ account, region string }

// organisation is a cloud with what is in its buckets.
type organisation struct {
	*cloud
	corpus *corpus           // keys with the bucket before them
	in     map[string]corpus // by bucket
	of     map[string]string // bucket of each record

	mu     sync.Mutex // guards everything below
	places map[string]map[orgPlace]bool
	got    map[string]uids // by bucket
}

// orgObjects is how many objects there are: with E2E_ORGANISATION as many as it says.
func orgObjects(t testing.TB) int {
	t.Helper()
	text := os.Getenv("E2E_ORGANISATION")
	if text == "" {
		return 2000
	}
	n, err := strconv.Atoi(text)
	require.NoError(t, err, "E2E_ORGANISATION is a number of objects")
	return n
}

// newOrganisation makes 40 buckets that are read, and two of each account that are not.
// Nothing is in them yet.
func newOrganisation(t testing.TB) *organisation {
	t.Helper()
	o := &organisation{
		cloud:  newCloud(t, orgAccounts[len(orgAccounts)-1]),
		corpus: &corpus{objects: map[string][]byte{}, want: uids{}, records: map[string]uids{}, sums: sums{}},
		in:     map[string]corpus{}, of: map[string]string{},
		places: map[string]map[orgPlace]bool{}, got: map[string]uids{},
	}
	for a, account := range orgAccounts {
		if account != o.own {
			o.roles[orgRole(account)] = &cloudRole{account: account}
		}
		for _, name := range []string{"acme-" + account + "-data", "other-" + account + "-access-logs"} {
			o.buckets[name] = &cloudBucket{account: account, region: orgRegions[a%3], unread: true}
		}
	}
	// It fits the names and not the role.
	o.buckets["acme-foreign-access-logs"] = &cloudBucket{account: orgAccounts[1], region: orgRegions[0], unread: true}
	o.roles[orgRole(orgAccounts[2])].externalID = orgExternalID
	return o
}

// make makes a bucket with so many objects of one to ten records.
func (o *organisation) make(t testing.TB, account, i, objects int, key func(*rand.Rand) string) string {
	t.Helper()
	name, seed := orgBucket(account, i), uint64(1000+account*orgPerAccount+i)
	in := corpus{objects: map[string][]byte{}, want: uids{}, records: map[string]uids{}, sums: sums{}}
	rng := rand.New(rand.NewPCG(seed, 18))
	text := samplelogs.Records(seed, 10*objects)
	for range objects {
		n := 1 + rng.IntN(10)
		in.add(key(rng), joined(text[:n]))
		text = text[n:]
	}
	o.in[name] = in
	for key, records := range in.records {
		o.corpus.records[name+"/"+key] = records
		o.corpus.objects[name+"/"+key] = in.objects[key]
	}
	o.corpus.want.merge(in.want)
	o.corpus.sums.merge(in.sums)
	o.server.CreateBucket(t, name)
	put(t, o.server, name, in.objects)
	o.mu.Lock()
	for uid := range in.want {
		require.Empty(t, o.of[uid], "a record is in two buckets")
		o.of[uid] = name
	}
	o.mu.Unlock()
	region := orgRegions[(account+i)%len(orgRegions)]
	o.set(func(c *cloud) {
		c.buckets[name] = &cloudBucket{account: orgAccounts[account], region: region, ownerless: name == orgStatic}
	})
	return name
}

func (u uids) merge(other uids) {
	for id, n := range other {
		u[id] += n
	}
}

// settings is the YAML of aws: with a role for each account but the own one.
func (o *organisation) settings() string {
	var roles []string
	for _, account := range orgAccounts[:len(orgAccounts)-1] {
		role := fmt.Sprintf(`{buckets: ["acme-%s-*"], role_arn: %q`, account, orgRole(account))
		if id := o.roles[orgRole(account)].externalID; id != "" {
			role += ", external_id: " + id
		}
		roles = append(roles, role+"}")
	}
	return "aws: {roles: [" + strings.Join(roles, ", ") + "]}\n"
}

// see notes where a record was said to be from.
func (o *organisation) see(resource pcommon.Map, uid string) {
	text := func(name string) string {
		if value, there := resource.Get(name); there {
			return value.Str()
		}
		return ""
	}
	at := orgPlace{text("cloud.account.id"), text("cloud.region")}
	o.mu.Lock()
	defer o.mu.Unlock()
	bucket := o.of[uid]
	if o.places[bucket] == nil {
		o.places[bucket], o.got[bucket] = map[orgPlace]bool{}, uids{}
	}
	o.places[bucket][at] = true
	o.got[bucket][uid]++
}

// assertPlaces compares the places of all records with those of their buckets. account
// says which account a bucket's records have.
func (o *organisation) assertPlaces(t testing.TB, account func(bucket string) string) {
	t.Helper()
	o.mu.Lock()
	defer o.mu.Unlock()
	assert.Len(t, o.places, len(o.in))
	for bucket, places := range o.places {
		at := orgPlace{account(bucket), o.buckets[bucket].region}
		if bucket == orgStatic && at.account != "" {
			delete(places, orgPlace{"", at.region}) // read before buckets were listed
		}
		want := map[orgPlace]bool{at: true}
		assert.Equal(t, want, places, bucket)
	}
}

// follow returns collectors that read the organisation.
func (o *organisation) follow(t testing.TB, source string) *following {
	t.Helper()
	f := newFollowing(t, &feed{
		source: source + o.settings(),
		env:    o.env(orgRegions[0]),
		died:   func() {},
		server: o.server,
		looked: func(t testing.TB, c *collector) bool {
			found, lists := c.metric(t, apiMetric, `api="s3.list_buckets"`), c.metric(t, apiMetric, `api="s3.list"`)
			return strings.Contains(c.log(t), "caught up: ") && // also before all buckets were found
				found >= float64(2*len(orgAccounts)) && lists >= float64(len(o.in)) && c.metric(t, flightMetric, "") == 0
		},
	})
	f.back.set(func(b *back) { b.see = o.see })
	return f
}

func sortedCalls(calls map[string]int) (all []string) {
	for _, kind := range slices.Sorted(maps.Keys(calls)) {
		all = append(all, fmt.Sprint(kind, " ", calls[kind]))
	}
	return all
}
