// Package scaling says how many collectors a number of records takes and what
// that costs, from figures that were measured. A formula gives a collector's
// ceiling; a simulation shows how near it a collector comes, and what a queue's
// backlog does over a day. The tables of docs/scaling.md are its output.
//
// Everything is calculated: nothing here measures, and nothing is for
// concurrent use.
package scaling
