/** Lists that were made in Go for one of the four ranges, by bucket filter. */
import { KINDS, type DistinctList, type Kind, type Range, type TopList } from './data';
import { D, rowAt, threatTimes } from './model';
import { withoutSession } from './names';
import { lower, type Window } from './query';
import type { Selection } from './state';

type Filter = Pick<Selection, 'b' | 'o'>;

export interface TopRow {
  name: string;
  n: number;
  bytes: number;
  /** The listed figure may be too high by this. */
  err: number;
  /** By bucket: the listed figure. */
  parts: Map<number, number>;
}

/** Whether a chosen bucket has no lists of its own: its rows are among those of b -1. */
export const shares = (range: Range, sel: Filter): boolean =>
  [...(sel.b ?? [])].some((b) => range.distinct.requester.bucket[b] === -1);

/** Rows of all chosen buckets, added up by name. */
export function top(range: Range, list: TopList, order: 'n' | 'bytes', sel: Filter): TopRow[] {
  const rows = range.top[list][order];
  const sums = new Map<number, TopRow>();
  for (let i = 0; i < rows.n.length; i++) {
    if (sel.b && !sel.b.has(rows.b[i])) continue;
    let s = sums.get(rows.w[i]);
    if (!s) sums.set(rows.w[i], (s = { name: D.dict[rows.w[i]], n: 0, bytes: 0, err: 0, parts: new Map() }));
    s.n += rows.n[i];
    s.bytes += rows.bytes[i];
    s.err += rows.err[i];
    s.parts.set(rows.b[i], (s.parts.get(rows.b[i]) ?? 0) + rows[order][i]);
  }
  return [...sums.values()].sort((a, z) => z[order] - a[order]);
}

/** Different names: low and high are the same for all buckets and for one. */
export function distinct(
  range: Range,
  list: DistinctList,
  sel: Filter,
): { low: number; high: number } | null {
  const d = range.distinct[list];
  if (!sel.b) return { low: d.all, high: d.all };
  const each = [...sel.b].map((b) => d.bucket[b] ?? -1);
  if (each.some((n) => n < 0)) return null;
  return {
    low: Math.max(...each),
    high: Math.min(
      d.all,
      each.reduce((a, n) => a + n, 0),
    ),
  };
}

export interface Spot {
  /** Index in places; -1: others. */
  place: number;
  n: number;
  parts: Map<number, number>;
}

export function geo(range: Range, sel: Filter): Spot[] {
  const { b, p, n } = range.geo;
  const spots = new Map<number, Spot>();
  for (let i = 0; i < n.length; i++) {
    if (sel.b && !sel.b.has(b[i])) continue;
    let s = spots.get(p[i]);
    if (!s) spots.set(p[i], (s = { place: p[i], n: 0, parts: new Map() }));
    s.n += n[i];
    s.parts.set(b[i], (s.parts.get(b[i]) ?? 0) + n[i]);
  }
  return [...spots.values()].sort((a, z) => z.n - a.n);
}

/** Country of a place, "" when unknown. */
export const countryOf = (place: number): string => D.places.country[place] ?? '';
export const cityOf = (place: number): string => D.places.city[place] ?? '';

export interface Who {
  b: number;
  who: string;
  via: string;
  n: number;
  err: number;
  last: number;
  /** What, with requests. */
  what: Map<string, number>;
}

/** One row for each requester (or network of anonymous ones) and bucket. */
export function who(range: Range, kind: Kind, sel: Filter): Who[] {
  const rows = range.who;
  const k = KINDS.indexOf(kind);
  const sums = new Map<string, Who>();
  for (let i = 0; i < rows.n.length; i++) {
    if (rows.k[i] !== k || (sel.b && !sel.b.has(rows.b[i]))) continue;
    const name = D.dict[rows.w[i]];
    const via = D.dict[rows.via[i]];
    const key = `${rows.b[i]}|${rows.w[i]}|${name ? '' : via}`;
    let s = sums.get(key);
    if (!s) sums.set(key, (s = { b: rows.b[i], who: name, via, n: 0, err: 0, last: 0, what: new Map() }));
    s.n += rows.n[i];
    s.err += rows.err[i];
    if (rows.last[i] >= s.last) {
      s.last = rows.last[i];
      s.via = via;
    }
    const what = D.dict[rows.what[i]];
    s.what.set(what, (s.what.get(what) ?? 0) + rows.n[i]);
  }
  return [...sums.values()].sort((a, z) => z.n - a.n);
}

/** Rows of the sessions of one role added up: who it was stays, the session goes. */
export function byRole(rows: Who[]): Who[] {
  const sums = new Map<string, Who>();
  for (const r of rows) {
    const key = `${r.b}|${r.who ? withoutSession(r.who) : r.via}`;
    const s = sums.get(key);
    if (!s) {
      sums.set(key, { ...r, what: new Map(r.what) });
      continue;
    }
    s.n += r.n;
    s.err += r.err;
    if (r.last > s.last) Object.assign(s, { last: r.last, via: r.via, who: r.who });
    for (const [what, n] of r.what) s.what.set(what, (s.what.get(what) ?? 0) + n);
  }
  return [...sums.values()].sort((a, z) => z.n - a.n);
}

/** The same for requesters of a top list. */
export function topByRole(rows: TopRow[], order: 'n' | 'bytes'): TopRow[] {
  const sums = new Map<string, TopRow>();
  for (const r of rows) {
    const key = withoutSession(r.name);
    const s = sums.get(key);
    if (!s) {
      sums.set(key, { ...r, parts: new Map(r.parts) });
      continue;
    }
    s.n += r.n;
    s.bytes += r.bytes;
    s.err += r.err;
    for (const [b, n] of r.parts) s.parts.set(b, (s.parts.get(b) ?? 0) + n);
  }
  return [...sums.values()].sort((a, z) => z[order] - a[order]);
}

/** Requests with an error, by status and code, most first. */
export function codes(range: Range, sel: Filter): [string, number][] {
  const rows = range.errors;
  const sums = new Map<string, number>();
  for (let i = 0; i < rows.n.length; i++) {
    if ((sel.b && !sel.b.has(rows.b[i])) || (sel.o && !sel.o.has(rows.o[i]))) continue;
    const name = `${rows.status[i]} ${D.dict[rows.code[i]]}`.trim();
    sums.set(name, (sums.get(name) ?? 0) + rows.n[i]);
  }
  return [...sums].sort((a, z) => z[1] - a[1]);
}

export interface Threat {
  t: number;
  b: number;
  o: number;
  client: string;
  /** "" when the feed names none. */
  actor: string;
  type: string;
  feed: string;
  /** Index in CONFIDENCES: 0 is the highest. */
  conf: number;
  place: number;
  n: number;
  ok: number;
  first: number;
  last: number;
}

export function threats(sel: Window): Threat[] {
  const x = D.threats;
  const out: Threat[] = [];
  for (let i = lower(threatTimes, rowAt(sel.from)[0]); i < x.n.length && threatTimes[i] < sel.to; i++) {
    if ((sel.b && !sel.b.has(x.b[i])) || (sel.o && !sel.o.has(x.o[i]))) continue;
    out.push({
      t: threatTimes[i],
      b: x.b[i],
      o: x.o[i],
      client: D.dict[x.client[i]],
      actor: D.dict[x.actor[i]],
      type: D.dict[x.type[i]],
      feed: D.dict[x.feed[i]],
      conf: x.conf[i],
      place: x.place[i],
      n: x.n[i],
      ok: x.ok[i],
      first: x.first[i],
      last: x.last[i],
    });
  }
  return out;
}
