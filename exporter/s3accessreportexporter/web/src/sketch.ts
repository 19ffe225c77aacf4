/** Quantiles: sketches have logarithmic bins, so those of any buckets and operations can be added up. */
import type { Column, Range } from './data';
import { D } from './model';

export interface Sketch {
  /** Requests with a total time. */
  n: number;
  /** Largest total time in ms, exact. */
  max: number;
  /** Value in ms and requests of each bin of total time, in order. */
  bins: [number, number][];
  /** Total time in ms that a part p of requests does not exceed. */
  total: (p: number) => number;
  /** The same until the first byte. */
  first: (p: number) => number;
}

/** Counts by bin, one higher; the first: 0 ms. */
type Bag = Float64Array;

/** The sketch of all pairs of bucket and operation that match. */
export function sketch(range: Range, match: (b: number, o: number) => boolean): Sketch {
  const { b, o, max, zero, zeroFirst, total, first } = range.sketches;
  const totals: Bag = new Float64Array(BINS);
  const firsts: Bag = new Float64Array(BINS);
  let largest = 0;
  for (let i = 0; i < b.length; i++) {
    if (!match(b[i], o[i])) continue;
    pour(totals, total[i], zero[i]);
    pour(firsts, first[i], zeroFirst[i]);
    largest = Math.max(largest, max[i]);
  }
  const bins = ordered(totals);
  const firstBins = ordered(firsts);
  const atMost = (v: number) => Math.min(v, largest);
  return {
    n: sum(bins),
    max: largest,
    bins,
    total: (p) => atMost(quantile(bins, p)),
    first: (p) => atMost(quantile(firstBins, p)),
  };
}

/** More than there are: the largest total time is below 2^53 ms. */
const BINS = 4096;

function pour(into: Bag, coded: Column, zeros: number): void {
  into[0] += zeros;
  let bin = 1;
  for (let k = 0; k < coded.length; k += 2) {
    bin += coded[k];
    into[bin] += coded[k + 1];
  }
}

function ordered(bag: Bag): [number, number][] {
  const bins: [number, number][] = [];
  bag.forEach((n, i) => n && bins.push([i ? value(i - 1) : 0, n]));
  return bins;
}

const sum = (bins: [number, number][]): number => bins.reduce((a, [, n]) => a + n, 0);

/** The value in a bin that is off by the accuracy at most. */
function value(bin: number): number {
  const { gamma, offset } = D.bounds.sketch;
  return gamma ** (bin - offset) * ((2 * gamma) / (1 + gamma));
}

function quantile(bins: [number, number][], p: number): number {
  let left = p * sum(bins);
  for (const [v, n] of bins) {
    left -= n;
    if (left <= 1e-9) return v;
  }
  return bins.length ? bins[bins.length - 1][0] : 0;
}
