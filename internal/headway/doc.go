// Package headway keeps how far reading has come, by bucket: what is known and not done,
// the newest request that was delivered, the last search that worked. A Meter collects it,
// for the gauges, and a Reporter writes it as lines. The engine and the sources report once
// an object or batch, never once a record.
package headway
