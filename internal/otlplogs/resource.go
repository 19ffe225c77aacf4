package otlplogs

import (
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/xpdata"
)

// schemaURL is the version of the semantic conventions that the names of the
// attributes are taken from, as far as these have names.
const schemaURL = "https://opentelemetry.io/schemas/1.43.0"

// resourceKey tells resources apart.
type resourceKey struct {
	bucket  string
	owner   string
	account string
	region  string
}

// resourceOf is the resource of a record.
func resourceOf(bucket, owner string, from *Origin) resourceKey {
	k := resourceKey{bucket: bucket, owner: owner}
	k.account, k.region = from.Place(bucket)
	return k
}

// canonical returns the key with the values as the resource shows them: valid
// UTF-8, and cut as those of a record are. No real bucket is changed by it.
func (k resourceKey) canonical() resourceKey {
	return resourceKey{
		bucket:  cut(repair(k.bucket)),
		owner:   cut(repair(k.owner)),
		account: cut(repair(k.account)),
		region:  cut(repair(k.region)),
	}
}

// build makes rl the resource of a group and moves the group's records into it.
func (c *Converter) build(rl plog.ResourceLogs, g *group) {
	v := values{describing: c.describing}
	var builder xpdata.MapBuilder
	c.addResource(&v, &g.key)
	v.build(&builder, rl.Resource().Attributes())
	rl.SetSchemaUrl(schemaURL)

	sl := rl.ScopeLogs().AppendEmpty()
	sl.Scope().SetName(c.options.ScopeName)
	sl.Scope().SetVersion(c.options.ScopeVersion)
	sl.SetSchemaUrl(schemaURL)
	g.records.MoveAndAppendTo(sl.LogRecords())
}
