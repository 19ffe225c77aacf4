/** Sums over cells and hours by window and filters. */
import { KINDS, type Kind } from './data';
import { D, cells, hours, rowAt, securityTimes, widthAt, type Rows } from './model';
import { finest, zeros, type Bins } from './bins';
import type { Selection } from './state';

export type Field = 'n' | 'c4' | 'c5' | 'out' | 'in' | 'ms' | 'timed';
const FIELDS: Field[] = ['n', 'c4', 'c5', 'out', 'in', 'ms', 'timed'];
export type Sums = Record<Field, number>;
export type Series = Record<Field, number[]>;

export type Window = Pick<Selection, 'from' | 'to' | 'b' | 'o'>;

/** Rows that answer a question about a window: the hours where cells are wider and no operation matters. */
const source = (sel: Window, byOp: boolean): Rows =>
  !byOp && !sel.o && widthAt(sel.from) > 60 ? hours : cells;

/** What the cells of a window hold: from the begin of the first to the end of the last. */
export const held = <W extends Pick<Window, 'from' | 'to'>>(sel: W): W => ({
  ...sel,
  from: rowAt(sel.from)[0],
  to: Math.min(D.end, rowAt(sel.to - 1)[1]),
});

/** First row at or after a time. */
export function lower(t: Float64Array, at: number): number {
  let a = 0;
  let z = t.length;
  while (a < z) {
    const m = (a + z) >> 1;
    if (t[m] < at) a = m + 1;
    else z = m;
  }
  return a;
}

function each(sel: Window, rows: Rows, f: (i: number) => void): void {
  const [from] = rowAt(sel.from, rows === hours ? 60 : Infinity);
  for (let i = lower(rows.t, from); i < rows.len && rows.t[i] < sel.to; i++) {
    if (sel.b && !sel.b.has(rows.b[i])) continue;
    if (sel.o && rows.o && !sel.o.has(rows.o[i])) continue;
    f(i);
  }
}

const none = (): Sums => ({ n: 0, c4: 0, c5: 0, out: 0, in: 0, ms: 0, timed: 0 });

function add(to: Sums, rows: Rows, i: number): void {
  for (const f of FIELDS) to[f] += rows[f][i];
}

export function totals(sel: Window): Sums {
  const rows = source(sel, false);
  const sum = none();
  each(sel, rows, (i) => add(sum, rows, i));
  return sum;
}

/** Sums by bucket or operation. */
export function by(sel: Window, key: 'b' | 'o'): Map<number, Sums> {
  const rows = source(sel, key === 'o');
  const index = key === 'o' ? rows.o! : rows.b;
  const sums = new Map<number, Sums>();
  each(sel, rows, (i) => {
    let s = sums.get(index[i]);
    if (!s) sums.set(index[i], (s = none()));
    add(s, rows, i);
  });
  return sums;
}

/** Sums by bin, of all or by bucket (key 0 when of all). */
export function timeline(sel: Window, B: Bins, byBucket = false): Map<number, Series> {
  const rows = source(sel, false);
  const out = new Map<number, Series>();
  each(sel, rows, (i) => {
    const key = byBucket ? rows.b[i] : 0;
    let s = out.get(key);
    if (!s) out.set(key, (s = emptySeries(B.n)));
    const k = B.index(rows.t[i]);
    if (k < 0 || k >= B.n) return;
    for (const f of FIELDS) s[f][k] += rows[f][i];
  });
  return out;
}

export const emptySeries = (n: number): Series =>
  Object.fromEntries(FIELDS.map((f) => [f, zeros(n)])) as Series;

/** Requests of a security kind; they know no operation. */
export function security(sel: Window, kind: Kind, B?: Bins): { n: number; bins: number[] } {
  const k = KINDS.indexOf(kind);
  const { security: rows } = D;
  const out = { n: 0, bins: zeros(B?.n ?? 0) };
  const [from] = rowAt(sel.from);
  for (let i = lower(securityTimes, from); i < rows.n.length && securityTimes[i] < sel.to; i++) {
    if (rows.k[i] !== k || (sel.b && !sel.b.has(rows.b[i]))) continue;
    out.n += rows.n[i];
    const bin = B?.index(securityTimes[i]) ?? -1;
    if (bin >= 0 && bin < out.bins.length) out.bins[bin] += rows.n[i];
  }
  return out;
}

/**
 * The window before, about as long; null where the rows do not reach. Its ends lie on ends of rows, so it may
 * be up to one row longer: compare rates. With `cellsOnly` rows by hour are no help.
 */
export function before(sel: Selection, cellsOnly = false): Window | null {
  const fine = (from: number) => (cellsOnly ? widthAt(from) : finest({ from, o: sel.o })) * 60_000;
  let width = fine(sel.from);
  const length = (w: number) => Math.ceil((sel.to - sel.from) / w) * w;
  width = Math.max(width, fine(sel.from - length(width)));
  if (sel.from % width !== 0) return null;
  const from = sel.from - length(width);
  if (from < Math.floor(D.oldest / width) * width) return null;
  return { from, to: sel.from, b: sel.b, o: sel.o };
}

/** Change of a rate against the window before; null when there was nothing. */
export function rateChange(now: number, was: number, sel: Window, prev: Window): number | null {
  if (!was) return null;
  return now / (sel.to - sel.from) / (was / (prev.to - prev.from)) - 1;
}

/** What a sum of the window before would be in one as long as this. */
export const scale = (sel: Window, prev: Window): number => (sel.to - sel.from) / (prev.to - prev.from);
