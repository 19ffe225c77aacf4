#!/usr/bin/env bash
# Runs the built collector over the sample log objects, stops it when it has
# read them all, and shows what came out. `make run` builds it first.
set -euo pipefail
cd "$(dirname "$0")/.."

export SAMPLES=${SAMPLES:-testdata/sample}
export OUT=${OUT:-_run}
log=$OUT/collector.log

rm -rf "$OUT"
mkdir -p "$OUT"

echo "Reading $SAMPLES with bin/otelcol-s3audit and testdata/config-run.yaml ..."
bin/otelcol-s3audit --config testdata/config-run.yaml >"$log" 2>&1 &
collector=$!
trap 'kill "$collector" 2>/dev/null || true' EXIT

# The collector goes on running after its one-shot directory: its log says when
# there is nothing left to read.
for _ in $(seq 600); do
  if grep -q 'directory read to its end' "$log"; then break; fi
  if ! kill -0 "$collector" 2>/dev/null; then break; fi
  sleep 0.1
done
if ! grep -q 'directory read to its end' "$log"; then
  echo "The collector did not read the samples to their end. Its log:" >&2
  cat "$log" >&2
  exit 1
fi

kill -TERM "$collector"
wait "$collector"
trap - EXIT

go run ./internal/test/samplelogs/cmd/summary -samples "$SAMPLES" -records "$OUT/records.jsonl" -metrics "$OUT/metrics.jsonl"
echo
echo "All records: $OUT/records.jsonl    All metrics: $OUT/metrics.jsonl    The collector's log: $log"
