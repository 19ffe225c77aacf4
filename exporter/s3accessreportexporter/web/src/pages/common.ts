/** What pages share: words of windows and scopes, tiles, legends, ranked lists. */
import { bins, type Bins } from '../bins';
import { h, svg, swatch, type Child } from '../dom';
import * as F from '../format';
import { shares } from '../lists';
import { D, bucketColor, bucketName, bucketRank } from '../model';
import type { Range } from '../data';
import { by, held, rateChange, type Window } from '../query';
import { hash, set, toggle, type Selection } from '../state';
import { clock, date, fromTo, isUTC, when, zoneName } from '../times';
import type { Block, Plain } from '../panel';
import type { Cell, Col, Table } from '../table';

export type Page = (sel: Selection) => Block[];

const PERIODS = { '3h': 'previous 3 h', '24h': 'previous 24 h', '7d': 'previous 7 days' } as const;

/** The window before, in words: previous 3 h, the 40 min before. */
export function periodName(sel: Selection): string {
  if (sel.preset === 'all') return 'the period before';
  return sel.preset ? PERIODS[sel.preset] : `the ${F.span(sel.to - sel.from)} before`;
}

export const thePeriod = (sel: Selection): string => {
  const name = periodName(sel);
  return name.startsWith('the') ? name : `the ${name}`;
};

const RANGES = { '3h': 'last 3 h', '24h': 'last 24 h', '7d': 'last 7 days', 'all': 'all data' } as const;
export const rangeName = (r: Range): string => RANGES[r.id];

type Follows = 't' | 'b' | 'o';

/** What the cells of a window count, where they are wider than to begin and end with it; else "". */
export function counted(sel: Selection): string {
  const { from, to } = held(sel);
  return from < sel.from || to > sel.to ? fromTo(from, to) : '';
}

/** What a panel leaves out or adds, for the badge in its heading. Rows by hour are no help `byCell`. */
export function scope(sel: Selection, follows: Follows[], byCell = !!sel.o): string | null {
  const out: string[] = [];
  const range = !follows.includes('t');
  if (sel.custom && range) out.push(`${rangeName(sel.range)}, not the zoom`);
  if (sel.b && !follows.includes('b')) out.push('all buckets');
  if (sel.o && !follows.includes('o')) out.push('all operations');
  const since = Math.max(D.start, sel.range.since);
  const from = sel.custom ? sel.range.from : sel.from;
  if (range && since < from) out.push(`from ${date(since) === date(from) ? clock(since) : when(since)}`);
  const cells = !range && byCell && counted(sel);
  if (cells) out.push(`counted ${cells}`);
  return out.join(' · ') || null;
}

/** The badge of a list by bucket. */
export const listScope = (sel: Selection, more: string | false = false): string | null =>
  [scope(sel, ['b']), shares(sel.range, sel) && 'without buckets that share a list', more]
    .filter(Boolean)
    .join(' · ') || null;

/** In place of a list that the chosen buckets share with others. */
export const sharesList = (sel: Selection, words = ''): HTMLElement =>
  h(
    'div',
    { class: 'calm' },
    h(
      'p',
      null,
      words,
      sel.b?.size === 1 ? 'This bucket shares its list' : 'These buckets share their list',
      ' with others: it is there without the filter.',
    ),
    h('button', { type: 'button', class: 'btn', onclick: () => set({ b: null }) }, 'Show all buckets'),
  );

export const caption = (sel: Window): string => `${fromTo(sel.from, sel.to)} ${zoneName(sel.from)}`;

/** "Requests per hour"; days of UTC are named where another zone is shown. */
export const per = (what: string, B: Bins): string =>
  `${what} per ${F.stepName(B.step)}${B.utcDays && !isUTC() ? ' of UTC' : ''}`;

// ---- tiles ---------------------------------------------------------------------------------------------

export interface Tile {
  k: string;
  v: string;
  unit?: string | null;
  /** Unit that narrow screens leave out. */
  unitWide?: string;
  /** Against the previous period; null: no earlier data. Left out when there is a note. */
  change?: number | null;
  was?: string;
  note?: Child;
  bad?: 'bad4' | 'bad5' | 'badt';
  spark?: number[];
  color?: string;
  dot?: string;
  href?: string;
  onclick?: () => void;
}

export function tiles(id: string, cls: string, list: Tile[]): Plain {
  const key = list.map((t) => ({ ...t, note: t.note instanceof Node ? t.note.textContent : t.note }));
  return { id, key, node: () => h('div', { class: `tiles ${cls}`, id }, list.map(tile)) };
}

function tile(t: Tile): HTMLElement {
  const dot = t.dot ? h('i', { style: { background: `var(${t.dot})` } }) : null;
  const unit =
    t.unit || t.unitWide
      ? h('small', null, t.unit, t.unitWide ? h('span', { class: 'opt' }, t.unitWide) : null)
      : null;
  const inner = [
    h('span', { class: 'k' }, dot, t.k),
    h('span', { class: 'v' }, t.v, unit),
    h('span', { class: 'd' }, t.note ?? changeOf(t)),
    t.spark ? sparkline(t.spark, t.color ?? '--text-3') : null,
  ];
  const cls = t.v === '0' ? 'tile zero' : 'tile';
  if (t.onclick) return h('button', { type: 'button', class: cls, onclick: t.onclick }, inner);
  return t.href ? h('a', { class: cls, href: t.href }, inner) : h('div', { class: cls }, inner);
}

/** ▲ 12%, ▼ 8%, ×5.0 or unchanged. */
export function changeWords(change: number): string {
  const p = Math.abs(change);
  if (p < 0.005) return 'unchanged';
  if (change >= 1) return `▲ ${F.times(change + 1)}`;
  return `${change > 0 ? '▲' : '▼'} ${F.percent(p)}`;
}

function changeOf(t: Tile): Child {
  if (t.change === null || t.change === undefined) return 'no earlier data to compare';
  const loud = t.bad && t.change >= 0.1 ? t.bad : null;
  return [h('b', { class: loud }, changeWords(t.change)), ` vs ${t.was}`];
}

/** Change and note of a figure against the window before. */
export function compare(
  now: number,
  was: number | null,
  sel: Selection,
  prev: Window | null,
): Pick<Tile, 'change' | 'note' | 'was'> {
  const words = { was: periodName(sel) };
  if (was === null || !prev) return { ...words, change: null };
  if (!was) return { ...words, note: now ? `none in ${thePeriod(sel)}` : 'none before either' };
  return { ...words, change: rateChange(now, was, sel, prev) };
}

export const sparkBins = (sel: Selection): Bins => bins(sel, 45);

function sparkline(data: number[], color: string): SVGElement {
  const height = 28;
  const max = Math.max(...data, 1e-9);
  const w = 100 / data.length;
  let d = '';
  data.forEach((v, i) => {
    if (!(v > 0)) return;
    const y = Math.max(1, (v / max) * (height - 2)).toFixed(2);
    const x = (w * 0.78).toFixed(2);
    d += `M${(i * w).toFixed(2)} ${height}v-${y}h${x}v${y}z`;
  });
  return svg(
    'svg',
    { 'viewBox': `0 0 100 ${height}`, 'preserveAspectRatio': 'none', 'aria-hidden': 'true' },
    svg('rect', { x: 0, y: height - 0.5, width: 100, height: 0.5, fill: 'var(--line)' }),
    svg('path', { d, fill: `var(${color})` }),
  );
}

// ---- buckets ---------------------------------------------------------------------------------------------

/** A name that is shortened in the middle where there is no room: its end stays. */
export function mid(text: string, cls = ''): HTMLElement {
  const tail = Math.min(8, Math.floor(text.length / 2));
  return h(
    'span',
    { class: `mid ${cls}`, title: text },
    h('span', { class: 'a' }, text.slice(0, text.length - tail)),
    h('span', { class: 'z' }, text.slice(text.length - tail)),
  );
}

/** A name that may be broken behind its dots, dashes and underscores: all of it stays. */
export const parted = (text: string): HTMLElement =>
  h(
    'span',
    { class: 'parted' },
    text.split(/(?<=[._-])/).map((part) => [part, h('wbr', null)]),
  );

export const bucketBadge = (b: number): HTMLElement =>
  h('span', { class: 'badge' }, swatch(bucketColor(b)), mid(bucketName(b)));

/** One legend for a page; a click filters. */
export function bucketLegend(sel: Selection): Plain {
  const present = by(sel, 'b');
  const shown = bucketRank.filter((b) => present.has(b));
  const colored = shown.slice(0, 12);
  const more = shown.length - colored.length;
  return {
    id: 'legend',
    key: [colored, more],
    node: () =>
      h(
        'div',
        { class: 'lede legend top', id: 'legend' },
        h(
          'div',
          { class: 'legend' },
          colored.map((b) =>
            h(
              'button',
              {
                type: 'button',
                title: 'Show only this bucket',
                onclick: () => toggle('b', b),
              },
              swatch(bucketColor(b)),
              bucketName(b),
            ),
          ),
          more ? h('span', null, `and ${more} more`) : null,
        ),
        h('span', { class: 'muted hint' }, 'One colour a bucket, on every page. Click to see one alone.'),
      ),
  };
}

/** Bars by bucket, the largest bucket of the report first. */
export const parts = (of: Map<number, number>): [number, string][] =>
  [...bucketRank, -1].filter((b) => of.get(b)).map((b) => [of.get(b)!, bucketColor(b)]);

// ---- ranked lists ------------------------------------------------------------------------------

export interface Row {
  name: string;
  title?: string | null;
  sub?: string;
  mono?: boolean;
  mark?: () => Child;
  v: number;
  parts: [number, string][];
  /** Cells of the columns behind the first. */
  extra: Child[];
  onclick?: () => void;
}

export interface RankedCol {
  t: string;
  num?: boolean;
  /**
   * Left out on narrow screens: opt; beside another panel: opt2. Takes what room is left: name; on narrow
   * screens: client.
   */
  cls?: 'opt' | 'opt2' | 'name' | 'client';
}

/** A list with a bar in each row. */
export function ranked(cols: RankedCol[], rows: Row[], limit: number): HTMLElement {
  const top = Math.max(1, ...rows.map((r) => r.v));
  const cls = (c: RankedCol | undefined) => [c?.num ? 'num' : '', c?.cls ?? ''].join(' ').trim() || null;
  const bar = (r: Row) =>
    h(
      'span',
      { class: 'track' },
      r.parts.map(([v, color]) =>
        h('i', { style: { width: `${((v / top) * 100).toFixed(2)}%`, background: color } }),
      ),
    );
  const one = (r: Row) =>
    h(
      'tr',
      { class: r.onclick ? 'pick' : null, onclick: r.onclick },
      h(
        'td',
        { class: 'name', title: r.title ?? null },
        h('span', { class: r.mono ? 'row mono' : 'row' }, r.mark?.(), mid(r.name)),
        r.sub ? h('span', { class: 'sub' }, r.sub) : null,
        bar(r),
      ),
      r.extra.map((x, i) => h('td', { class: cls(cols[i + 1]) }, x)),
    );
  const more = rows.length - limit;
  return h(
    'div',
    null,
    h(
      'div',
      { class: 'scroll' },
      h(
        'table',
        null,
        h(
          'thead',
          null,
          h(
            'tr',
            null,
            cols.map((c) => h('th', { class: cls(c), scope: 'col' }, c.t)),
          ),
        ),
        h('tbody', null, rows.slice(0, limit).map(one)),
      ),
    ),
    more > 0 ? h('p', { class: 'more' }, `${F.plural(more, 'more row')} in the CSV`) : null,
  );
}

/** A table with columns, some of them figures. */
export function simpleTable(cols: RankedCol[], rows: Child[][]): HTMLElement {
  const cls = (c: RankedCol) => [c.num ? 'num' : '', c.cls ?? ''].join(' ').trim() || null;
  return h(
    'div',
    { class: 'scroll' },
    h(
      'table',
      null,
      h(
        'thead',
        null,
        h(
          'tr',
          null,
          cols.map((c) => h('th', { class: cls(c), scope: 'col' }, c.t)),
        ),
      ),
      h(
        'tbody',
        null,
        rows.map((r) =>
          h(
            'tr',
            null,
            r.map((v, i) => h('td', { class: cls(cols[i]) }, v)),
          ),
        ),
      ),
    ),
  );
}

/** Table of series over bins: a column each. */
export function timeTable(
  B: Bins,
  series: { name: string; data: (number | null)[] }[],
  f: (v: number) => string,
  unit?: string,
): Table {
  const from: Col = { t: 'From', csv: 'From (UTC)', time: true, f: (v) => fromTo(v, v + B.width) };
  const cols = series.map(
    (s): Col => ({ t: s.name, csv: unit ? `${s.name} (${unit})` : s.name, num: true, f }),
  );
  return { cols: [from, ...cols], rows: B.at.map((t, i): Cell[] => [t, ...series.map((s) => s.data[i])]) };
}

export const legendOf = (series: { name: string; color: string }[]): HTMLElement =>
  h(
    'span',
    { class: 'legend' },
    series.map((s) => h('span', null, swatch(s.color), s.name)),
  );

/** The fragment: what links on a page depend on. */
export const here = (): string => hash();

export const sumOf = (v: number[]): number => v.reduce((a, x) => a + x, 0);
