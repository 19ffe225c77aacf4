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

go run ./internal/test/samplelogs/cmd/summary -samples "$SAMPLES" -records "$OUT/records.jsonl" -metrics "$OUT/metrics.jsonl"
echo
echo "All records: $OUT/records.jsonl    All metrics: $OUT/metrics.jsonl    The collector's log: $log"
