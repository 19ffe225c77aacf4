/** The data as the page works on them: tables with times in ms, ranks and colours. Replaced as a whole. */
import type { Column, Data } from './data';
import { css } from './dom';
import { operationColors } from './names';

const MINUTE = 60_000;
const HOUR = 3_600_000;

/** Rows of cells or hours, sorted by `t`, the begin in ms. */
export interface Rows {
  len: number;
  t: Float64Array;
  b: Column;
  /** null: not told apart. */
  o: Column | null;
  n: Column;
  c4: Column;
  c5: Column;
  out: Column;
  in: Column;
  ms: Column;
  timed: Column;
}

export let D: Data;
export let cells: Rows;
export let hours: Rows;
export let securityTimes: Float64Array;
export let threatTimes: Float64Array;
/** Buckets and operations, most requests first over the whole report, so that filters never recolour. */
export let bucketRank: number[];
export let opRank: number[];
let bucketColors: string[];
let opColors: string[];

export function install(data: Data): void {
  D = data;
  cells = { len: data.cells.n.length, ...data.cells, t: undelta(data.cells.dt, MINUTE) };
  hours = { len: data.hours.n.length, ...data.hours, o: null, t: undelta(data.hours.dt, HOUR) };
  securityTimes = undelta(data.security.dt, MINUTE);
  threatTimes = undelta(data.threats.dt, MINUTE);
  bucketRank = ranked(data.buckets.length, hours.b, hours.n, data.otherBucket);
  opRank = ranked(data.ops.length, data.cells.o, cells.n, data.otherOp);
  bucketColors = [];
  let color = 0;
  for (const b of bucketRank) {
    const own = b !== data.otherBucket && color < 7;
    bucketColors[b] = own ? `--b${++color}` : '--b0';
  }
  opColors = operationColors(data.ops, opRank);
}

function undelta(dt: Column, unit: number): Float64Array {
  const t = new Float64Array(dt.length);
  let at = 0;
  for (let i = 0; i < dt.length; i++) t[i] = D.start + (at += dt[i]) * unit;
  return t;
}

/** Indexes by their sums, largest first; `other` is last. */
function ranked(len: number, index: Column, n: Column, other: number): number[] {
  const sums = new Array<number>(len).fill(0);
  for (let i = 0; i < index.length; i++) sums[index[i]] += n[i];
  if (other >= 0) sums[other] = -1;
  return sums.map((_, i) => i).sort((a, z) => sums[z] - sums[a]);
}

const NAMED_OTHERS = 'others';
export const bucketName = (b: number): string => nameOf(D.buckets, b, D.otherBucket);
export const opName = (o: number): string => nameOf(D.ops, o, D.otherOp);
const nameOf = (names: string[], i: number, other: number): string =>
  i < 0 || i === other ? NAMED_OTHERS : names[i];

export const bucketColor = (b: number): string => css(bucketColors[b] ?? '--b0');
export const opColor = (o: number): string => css(opColors[o] ?? '--b0');

/** Width in minutes of the cells at a time. */
export function widthAt(t: number): number {
  let width = D.tiers[0]?.width ?? 1440;
  for (const tier of D.tiers) if (t >= tier.from) width = tier.width;
  return width;
}

/** Begin and end of the row that holds a time: of a cell; with `widest` 60 of an hour where cells are wider. */
export function rowAt(t: number, widest = Infinity): [number, number] {
  const width = Math.min(widest, widthAt(t)) * MINUTE;
  const begin = Math.floor(t / width) * width;
  return [begin, begin + width];
}

/** Whether no record carries an attribute. */
export const lacks = (name: keyof Data['attributes']): boolean => !D.attributes[name];
