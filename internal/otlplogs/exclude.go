package otlplogs

import "slices"

// exclusion is the set of the attributes that records do not get.
type exclusion struct {
	// lengths has a bit for the length of each name, modulo 64, and byLength those
	// names: most others are told apart at once.
	lengths  uint64
	byLength [64][]string
}

// Excludable returns the names that Options.ExcludeAttributes may hold: those of a
// record that are neither a malformed record's too nor a parameter's.
func Excludable() []string {
	var names []string
	of := MalformedAttributes()
	for _, a := range RecordAttributes() {
		if !slices.Contains(of, a) && !isOfParameter(a.Name) {
			names = append(names, a.Name)
		}
	}
	return names
}

func newExclusion(names []string) (x exclusion) {
	for _, name := range names {
		length := len(name) % 64
		x.lengths |= 1 << length
		x.byLength[length] = append(x.byLength[length], name)
	}
	return x
}

func (x *exclusion) has(name string) bool {
	length := len(name) % 64
	return x.lengths>>length&1 != 0 && slices.Contains(x.byLength[length], name)
}

func (x *exclusion) hasAll(names ...string) bool {
	return !slices.ContainsFunc(names, func(name string) bool { return !x.has(name) })
}

// skipped says which texts need not be made, since nothing would show them.
type skipped struct {
	requester, key, path, upload, part, cipher, host, extra, feeds bool
}

func (x *exclusion) skipped(body Body) skipped {
	summary := body == BodySummary
	return skipped{
		requester: !summary && x.hasAll("user.name", "aws.requester.session_name", "aws.requester.account_id", "aws.requester.type"),
		key:       !summary && x.has("aws.s3.key"),
		path:      x.has("url.path"),
		upload:    x.has("aws.s3.upload_id"),
		part:      x.has("aws.s3.part_number"),
		cipher:    x.has("tls.cipher"),
		host:      x.hasAll("server.address", "server.port"),
		extra:     x.has("aws.s3.extra_fields"),
		feeds:     x.has("threat.feeds"),
	}
}

// exclude takes out what is excluded.
func (v *values) exclude(x *exclusion) {
	for i := range v.all() {
		if item := &v.items[i]; x.has(item.name) {
			v.size -= item.size()
			v.excluded++
			item.kind, item.text = kindNone, ""
		}
	}
}
