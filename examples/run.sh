#!/usr/bin/env bash
# Runs the built collector over the sample log objects, which ends when it has read
# them all, and shows what came out. `make run` builds it first.
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

if ! LOGS=$SAMPLES REPORT=$OUT/report.html STORAGE=$OUT/report-storage \
  bin/otelcol-s3audit --config examples/report.yaml \
  --config 'yaml:receivers::s3_access_logs::geoip::databases: [testdata/geo/sample.mmdb]' \
  --config 'yaml:receivers::s3_access_logs::threat_intel::feeds: [{name: sample, path: testdata/feeds/sample.json}]' >"$OUT/report.log" 2>&1; then
  echo "The report was not written. The collector's log:" >&2
  cat "$OUT/report.log" >&2
  exit 1
fi

go run ./internal/test/samplelogs/cmd/summary -samples "$SAMPLES" -records "$OUT/records.jsonl" -metrics "$OUT/metrics.jsonl"
echo
echo "The same as a page of charts, to open in a browser: $OUT/report.html"
echo "All records: $OUT/records.jsonl    All metrics: $OUT/metrics.jsonl    The collector's log: $log"
