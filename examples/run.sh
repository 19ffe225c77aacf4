#!/usr/bin/env bash
# Runs the built collector over the sample log objects, which ends when it has read
# them all, and shows what stands out in the report that it wrote. `make run` builds it
# first.
set -euo pipefail
cd "$(dirname "$0")/.."

export SAMPLES=${SAMPLES:-testdata/sample}
export OUT=${OUT:-_run}
log=$OUT/collector.log

rm -rf "$OUT"
mkdir -p "$OUT"

echo "Reading $SAMPLES with bin/otelcol-s3audit and testdata/config-run.yaml ..."
if ! bin/otelcol-s3audit --config testdata/config-run.yaml >"$log" 2>&1; then
  echo "The collector did not read the samples to their end. Its log:" >&2
  cat "$log" >&2
  exit 1
fi

echo
echo "What stands out (the exporter s3_access_report logs it):"
awk 'sub(/.*"stands_out": \["/, "") {
  sub(/"\]}$/, "")
  n = split($0, line, /", ?"/)
  for (i = 1; i <= n; i++) { gsub(/\\"/, "\"", line[i]); print "  " line[i] }
}' "$log"
echo
echo "The report, a page of charts to open in a browser: $OUT/report.html"
echo "All records: $OUT/records.jsonl    All metrics: $OUT/metrics.jsonl    The collector's log: $log"
