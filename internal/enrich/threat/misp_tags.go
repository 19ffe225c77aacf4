package threat

import (
	"slices"
	"strings"
)

// mispConfidence maps the tags that state a confidence to 0 to 100. The numbers of
// the taxonomy "misp" are its own.
var mispConfidence = map[string]int16{
	`misp:confidence-level="completely-confident"`: 100,
	`misp:confidence-level="usually-confident"`:    75,
	`misp:confidence-level="fairly-confident"`:     50,
	`misp:confidence-level="rarely-confident"`:     25,
	`misp:confidence-level="unconfident"`:          0,

	`estimative-language:confidence-in-analytic-judgment="high"`:     high,
	`estimative-language:confidence-in-analytic-judgment="moderate"`: medium,
	`estimative-language:confidence-in-analytic-judgment="low"`:      low,
}

// mispActors and mispSoftware are words that occur in the names of MISP's galaxies
// of threat actors, and of malware and tools.
var (
	mispActors   = []string{"threat-actor", "intrusion-set", "activity-group", "campaign"}
	mispSoftware = []string{
		"malware", "malpedia", "ransomware", "botnet", "banker", "stealer", "backdoor", "cryptominers",
		"exploit-kit", "rat", "tool", "tds",
	}
)

// addTags applies the tags of taxonomies and of galaxies, such as
// misp-galaxy:threat-actor="Name".
func (d *detail) addTags(tags []mispTag) {
	for _, tag := range tags {
		if n, ok := mispConfidence[string(tag.Name)]; ok {
			d.confidence = n
		}
		if named, ok := strings.CutPrefix(string(tag.Name), "misp-galaxy:"); ok {
			galaxy, name, _ := strings.Cut(named, "=")
			d.addName(galaxy, strings.Trim(name, `"`))
		}
	}
}

// addGalaxies adds the names of the clusters of galaxies.
func (d *detail) addGalaxies(galaxies []mispGalaxy) {
	for _, g := range galaxies {
		for _, c := range g.Cluster {
			kind := string(c.Type)
			if kind == "" {
				kind = string(g.Type)
			}
			d.addName(kind, string(c.Value))
		}
	}
}

// addName adds a name from a galaxy to the actors or the software.
func (d *detail) addName(galaxy, name string) {
	switch {
	case slices.ContainsFunc(mispActors, func(word string) bool { return strings.HasSuffix(galaxy, word) }):
		d.actor = joined(d.actor, name)
	case slices.ContainsFunc(mispSoftware, func(word string) bool { return galaxy == word || strings.HasSuffix(galaxy, "-"+word) }):
		d.software = joined(d.software, name)
	}
}

// joined appends a name to a list unless the list has it: tags repeat galaxies. A
// list longer than maxText, which will be truncated, does not grow.
func joined(names, name string) string {
	switch {
	case len(names) > maxText:
		return names
	case names == "" || name == "":
		return names + name
	case slices.Contains(strings.Split(names, ", "), name):
		return names
	}
	return names + ", " + name
}
