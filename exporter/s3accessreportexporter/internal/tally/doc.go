// Package tally adds up the records of S3 access logs by the time of the request: exact
// sums in cells that grow wider with age and in rows by bucket and hour, and estimates in
// slices of time. Each record counts once.
//
// What it holds is bounded, whatever comes. The same records in the same order give the
// same tally, so that it can be made anew from a journal of records. It knows neither the
// form of log records nor that of the report. A Tally is not safe for concurrent use.
package tally
