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

/** Answers by question, for the data that they are of. */
const known = new Map<string, unknown>();
let knownOf: unknown;
const MOST_KNOWN = 40;

/** A page asks the same more than once. Nobody changes an answer. */
function once<T>(sel: Window, question: unknown[], answer: () => T): T {
  if (knownOf !== D || known.size >= MOST_KNOWN) known.clear();
  knownOf = D;
  const key = JSON.stringify([sel.from, sel.to, sel.b && [...sel.b], sel.o && [...sel.o], question]);
  if (!known.has(key)) known.set(key, answer());
  return known.get(key) as T;
}

/** Sums of each field in so many slots; slot: that of a row, below 0 for none. */
function sums(sel: Window, rows: Rows, slots: number, slot: (i: number) => number): Float64Array[] {
  const [from] = rowAt(sel.from, rows === hours ? 60 : Infinity);
  const first = lower(rows.t, from);
  const end = lower(rows.t, sel.to);
  const into = new Int32Array(end - first);
  for (let i = first; i < end; i++) {
    const out = (sel.b && !sel.b.has(rows.b[i])) || (sel.o && rows.o && !sel.o.has(rows.o[i]));
    into[i - first] = out ? -1 : slot(i);
  }
  return FIELDS.map((f) => {
    const column = rows[f];
    const sum = new Float64Array(slots);
    for (let i = first; i < end; i++) if (into[i - first] >= 0) sum[into[i - first]] += column[i];
    return sum;
  });
}

const fields = <T>(of: (k: number) => T): Record<Field, T> =>
  Object.fromEntries(FIELDS.map((f, k) => [f, of(k)])) as Record<Field, T>;

export function totals(sel: Window): Sums {
  const all = [...by(sel, 'b').values()];
  return fields((k) => all.reduce((a, s) => a + s[FIELDS[k]], 0));
}

/** Sums by bucket or operation. */
export const by = (sel: Window, key: 'b' | 'o'): Map<number, Sums> =>
  once(sel, [key], () => {
    const rows = source(sel, key === 'o');
    const index = key === 'o' ? rows.o! : rows.b;
    const names = key === 'o' ? D.ops : D.buckets;
    const of = sums(sel, rows, names.length, (i) => index[i]);
    return new Map(names.flatMap((_, i) => (of[0][i] ? [[i, fields((k) => of[k][i])]] : [])));
  });

/** Sums by bin, of all or by bucket (key 0 when of all). */
export const timeline = (sel: Window, B: Bins, byBucket = false): Map<number, Series> =>
  once(sel, [B.first, B.width, B.n, byBucket], () => {
    const rows = source(sel, false);
    const count = byBucket ? D.buckets.length : 1;
    const of = sums(sel, rows, count * B.n, (i) => {
      const k = B.index(rows.t[i]);
      return k < 0 || k >= B.n ? -1 : k + (byBucket ? rows.b[i] * B.n : 0);
    });
    const out = new Map<number, Series>();
    for (let b = 0; b < count; b++) {
      const series = fields((k) => Array.from(of[k].subarray(b * B.n, (b + 1) * B.n)));
      if (series.n.some(Boolean)) out.set(b, series);
    }
    return out;
  });

export const emptySeries = (n: number): Series => fields(() => zeros(n));

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
