// Package sketch has the estimates of a report, each within a stated error: the most
// frequent texts (Space-Saving), quantiles of times (DDSketch) and numbers of different
// texts (HyperLogLog). Nothing here is safe for concurrent use. A text is known by Hash
// of it, which stays the same over restarts.
package sketch

import "github.com/cespare/xxhash/v2"

// Hash returns the hash by which a text is known here.
func Hash(text string) uint64 { return xxhash.Sum64String(text) }
