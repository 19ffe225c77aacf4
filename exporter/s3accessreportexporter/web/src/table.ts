/** A table of figures: what a chart draws, as text, as CSV and for tests. */
import { h, show } from './dom';
import { iso } from './times';

export type Cell = string | number | null;

export interface Col {
  t: string;
  /** Heading in the CSV, where it names the raw unit. */
  csv?: string;
  num?: boolean;
  /** A time in ms: ISO 8601 in the CSV. */
  time?: boolean;
  /** Words of a cell; it is shown as it is when left out. */
  f?: (v: number) => string;
}

export interface Table {
  cols: Col[];
  rows: Cell[][];
}

/** A cell in words; null is unknown. */
export function words(col: Col, v: Cell): string {
  if (v === null) return '–';
  return col.f && typeof v === 'number' ? col.f(v) : String(v);
}

export function dataTable(t: Table): HTMLElement {
  const cls = (c: Col) => (c.num ? 'num' : null);
  return h(
    'table',
    null,
    h(
      'thead',
      null,
      h(
        'tr',
        null,
        t.cols.map((c) => h('th', { class: cls(c), scope: 'col' }, c.t)),
      ),
    ),
    h(
      'tbody',
      null,
      t.rows.map((r) =>
        h(
          'tr',
          null,
          r.map((v, i) => h('td', { 'class': cls(t.cols[i]), 'data-v': v ?? '' }, words(t.cols[i], v))),
        ),
      ),
    ),
  );
}

/** RFC 4180 with \r\n. A cell that a spreadsheet would take for a formula gets a leading '. */
export function csv(t: Table): string {
  const raw = (v: Cell, i: number): string => quote(t.cols[i].time && typeof v === 'number' ? iso(v) : v);
  const lines = [t.cols.map((c) => quote(c.csv ?? c.t)), ...t.rows.map((r) => r.map(raw))];
  return lines.map((l) => `${l.join(',')}\r\n`).join('');
}

function quote(v: Cell): string {
  if (typeof v === 'number') return String(v);
  const formula = /^[=+\-@\t\r]/.test(v ?? '');
  const s = (formula ? "'" : '') + show(v ?? '');
  return /[",\n]/.test(s) ? `"${s.replaceAll('"', '""')}"` : s;
}
