package deliveryguard

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// warning is one fault of a configuration.
type warning struct{ pipeline, component, text string }

// check returns what is wrong with a configuration, sorted by pipeline and component.
func check(conf map[string]any) []warning {
	c := &checker{topology: newTopology(conf), seen: map[string]bool{}, ends: map[string][]end{}, beside: map[end]map[end]bool{}}
	for _, f := range c.feeds() {
		pipelines := c.fed(f.receiver, f.signal)
		for _, id := range pipelines {
			c.visit(id)
		}
		c.endsOf(pipelines, false)
	}
	for e, others := range c.beside {
		c.warn(e.pipeline, e.component, sideBySide(e, others))
	}
	slices.SortFunc(c.found, func(a, b warning) int {
		return cmp.Or(cmp.Compare(a.pipeline, b.pipeline), cmp.Compare(a.component, b.component), cmp.Compare(a.text, b.text))
	})
	return c.found
}

type checker struct {
	*topology
	found  []warning
	seen   map[string]bool      // pipelines that were visited
	ends   map[string][]end     // of pipelines; of one whose ends are being looked for, none
	beside map[end]map[end]bool // by one that may refuse, those that then get records again
}

// end is where a pipeline's records are accepted: an exporter or a batch processor.
type end struct{ pipeline, component string }

func (c *checker) warn(pipeline, component, text string) {
	c.found = append(c.found, warning{pipeline, component, text})
}

// visit warns of what loses records in a pipeline and in those that it feeds.
func (c *checker) visit(id string) {
	if c.seen[id] {
		return
	}
	c.seen[id] = true
	p := c.pipelines[id]
	for _, processor := range p.processors {
		if typeOf(processor) == "batch" {
			c.warn(id, processor, "accepts records before they are delivered: what it holds is lost when the process ends, "+
				"and what is refused behind it is dropped; leave it out, the receiver makes batches itself (logs::batch_size, logs::batch_bytes)")
		}
	}
	for _, exported := range p.exporters {
		if c.isConnector(exported) {
			for _, next := range c.fed(exported, typeOf(id)) {
				c.visit(next)
			}
			continue
		}
		if e, there := c.exporter(exported); there {
			c.visitExporter(id, e)
		}
	}
}

func (c *checker) visitExporter(pipeline string, e exporter) {
	path := "exporters::" + e.id + "::"
	switch {
	case e.inMemory && e.memoryOnly:
		c.warn(pipeline, e.id, "accepts records before they are delivered: what its queue in memory holds is lost when the process ends; "+
			"set "+path+e.key+"::enabled: false")
	case e.inMemory:
		c.warn(pipeline, e.id, "accepts records before they are delivered: what its queue in memory holds is lost when the process ends, "+
			"and what the back end refuses is dropped; set "+path+e.key+"::wait_for_result: true or ::enabled: false, "+
			"or ::storage to a storage extension, then also retry_on_failure::max_elapsed_time: 0")
	case e.givesUp != "":
		c.warn(pipeline, e.id, "drops records that its persistent queue holds, since "+e.givesUp+"; "+
			"set "+path+"retry_on_failure::enabled: true and ::max_elapsed_time: 0")
	}
}

// exporter returns what an exporter's settings come to, and whether it is configured.
func (c *checker) exporter(id string) (e exporter, there bool) {
	if _, there = c.exporters[id]; there {
		e = newExporter(id, section(c.exporters, id))
	}
	return e, there
}

// endsOf returns where records end that are fed to pipelines, either to all side by side,
// or to one at a time.
func (c *checker) endsOf(pipelines []string, oneAtATime bool) []end {
	branches := make([][]end, len(pipelines))
	for i, id := range pipelines {
		branches[i] = c.endsOfOne(id)
	}
	if !oneAtATime {
		c.compare(branches)
	}
	return union(branches)
}

// endsOfOne returns where records end that enter a pipeline.
func (c *checker) endsOfOne(id string) []end {
	if known, ok := c.ends[id]; ok {
		return known
	}
	c.ends[id] = nil // until it is known; pipelines in a circle are refused by the collector
	p := c.pipelines[id]
	for _, processor := range p.processors {
		if typeOf(processor) == "batch" {
			c.ends[id] = []end{{id, processor}}
			return c.ends[id]
		}
	}
	var branches [][]end
	for _, exported := range p.exporters {
		if c.isConnector(exported) {
			oneAtATime := slices.Contains(oneOfThem, typeOf(exported))
			branches = append(branches, c.endsOf(c.fed(exported, typeOf(id)), oneAtATime))
		} else if _, there := c.exporters[exported]; there {
			branches = append(branches, []end{{id, exported}})
		}
	}
	c.compare(branches)
	c.ends[id] = union(branches)
	return c.ends[id]
}

// compare notes which ends may refuse records that other branches accept.
func (c *checker) compare(branches [][]end) {
	for i, branch := range branches {
		for _, one := range branch {
			e, there := c.exporter(one.component)
			if !there || !e.refuses() {
				continue
			}
			for j, others := range branches {
				if i == j || len(others) == 0 {
					continue
				}
				if c.beside[one] == nil {
					c.beside[one] = map[end]bool{}
				}
				for _, other := range others {
					c.beside[one][other] = true
				}
			}
		}
	}
}

func union(branches [][]end) []end {
	all := map[end]bool{}
	for _, branch := range branches {
		for _, one := range branch {
			all[one] = true
		}
	}
	return slices.SortedFunc(maps.Keys(all), compareEnds)
}

func compareEnds(a, b end) int {
	return cmp.Or(cmp.Compare(a.pipeline, b.pipeline), cmp.Compare(a.component, b.component))
}

func sideBySide(one end, others map[end]bool) string {
	var names []string
	for _, other := range slices.SortedFunc(maps.Keys(others), compareEnds) {
		switch {
		case other == one:
			names = append(names, "itself")
		case other.pipeline == one.pipeline:
			names = append(names, other.component)
		default:
			names = append(names, other.component+" (pipeline "+other.pipeline+")")
		}
	}
	return "has no persistent queue and is fed side by side with " + strings.Join(names, ", ") +
		": while it is down or refuses, every retry sends the batch again to these; give each exporter a persistent queue " +
		"(sending_queue::storage and ::block_on_overflow: true, retry_on_failure::max_elapsed_time: 0), or a receiver of its own"
}
