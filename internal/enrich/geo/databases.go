package geo

import (
	"net/netip"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/enrich"
)

// databases are those in use, with their caches. Only the caches change: a new file
// makes new databases.
type databases struct {
	files  []*file // maxDatabases at most
	recent recent  // by address
	cache  cache   // by position
	none   *cached // the result for an address that no file has
}

func newDatabases(files []*file) *databases {
	d := &databases{files: files}
	if len(files) > 0 {
		d.recent, d.cache, d.none = newRecent(), newCache(len(files)), &cached{empty: true}
	}
	return d
}

// position is where the records of an address are in each of the files, as
// file.find returns it.
type position [maxDatabases]uint32

// lookup is DB.Lookup in these databases.
func (d *databases) lookup(addr netip.Addr) *enrich.Place {
	if len(d.files) == 0 {
		return nil
	}
	key := addressOf(addr)
	if found := d.recent.get(key); found != nil {
		return found.result()
	}
	if !enrich.Public(addr) {
		return nil
	}
	found := d.find(addr.Unmap())
	d.recent.put(key, found)
	return found.result()
}

// find looks up an address, which is not IPv4 inside IPv6, in the files.
func (d *databases) find(addr netip.Addr) *cached {
	var at position
	for i, f := range d.files {
		at[i] = f.find(addr)
	}
	if at == (position{}) {
		return d.none
	}
	found := d.cache.get(&at)
	if found == nil {
		found = d.decode(&at)
		d.cache.put(found)
	}
	return found
}

// decode merges the records at a position.
func (d *databases) decode(at *position) *cached {
	c := &cached{at: *at}
	for i, f := range d.files {
		if at[i] != notFound {
			add(&c.place, f.decode(at[i]))
		}
	}
	c.empty = c.place == enrich.Place{}
	return c
}

// add adds to p what only q has, see the package comment.
func add(p *enrich.Place, q enrich.Place) {
	if p.ASNumber == 0 && p.ASOrganization == "" {
		p.ASNumber, p.ASOrganization = q.ASNumber, q.ASOrganization
	}
	if p.CountryISOCode != "" && q.CountryISOCode != "" && p.CountryISOCode != q.CountryISOCode {
		return
	}
	if p.CountryISOCode == "" {
		p.CountryISOCode = q.CountryISOCode
	}
	if p.ContinentCode == "" {
		p.ContinentCode = q.ContinentCode
	}
	if hasDetail(p) {
		return
	}
	p.RegionISOCode, p.LocalityName, p.PostalCode = q.RegionISOCode, q.LocalityName, q.PostalCode
	p.HasLocation, p.Latitude, p.Longitude = q.HasLocation, q.Latitude, q.Longitude
}

// hasDetail reports whether p is more exact than a country.
func hasDetail(p *enrich.Place) bool {
	return p.RegionISOCode != "" || p.LocalityName != "" || p.PostalCode != "" || p.HasLocation
}
