/** Clients on threat feeds, grouped; and the colours of confidence. */
import { CONFIDENCES } from '../data';
import { css, h, swatch } from '../dom';
import { countryOf, type Threat } from '../lists';

const TOKENS = ['--threat-high', '--threat-medium', '--threat-low', '--threat-none'];
export const confidence = (c: number): string => CONFIDENCES[c] ?? 'None';
export const color = (c: number): string => css(TOKENS[c] ?? TOKENS[3]);
export const badge = (c: number): HTMLElement =>
  h('span', { class: 'badge' }, swatch(color(c)), confidence(c));
export const UNASSIGNED = 'Unassigned';

/** Requests of one client, actor or place. */
export interface Group {
  key: string;
  n: number;
  ok: number;
  /** Highest: the smallest number. */
  conf: number;
  first: number;
  last: number;
  rows: Threat[];
}

export function group(rows: Threat[], key: (t: Threat) => string): Group[] {
  const out = new Map<string, Group>();
  for (const t of rows) {
    const k = key(t);
    let g = out.get(k);
    if (!g) out.set(k, (g = { key: k, n: 0, ok: 0, conf: t.conf, first: t.first, last: 0, rows: [] }));
    g.n += t.n;
    g.ok += t.ok;
    g.conf = Math.min(g.conf, t.conf);
    g.first = Math.min(g.first, t.first);
    g.last = Math.max(g.last, t.last);
    g.rows.push(t);
  }
  return [...out.values()].sort((a, z) => z.n - a.n);
}

export const distinct = <T>(rows: Threat[], f: (t: Threat) => T): T[] => [...new Set(rows.map(f))];

/** ISO code of the country of a client. */
export const landOf = (g: Group): string => countryOf(g.rows[0].place);
