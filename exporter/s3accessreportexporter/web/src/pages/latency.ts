/** Latency: percentiles by bucket and operation. They follow the filters, not the zoom. */
import { histogram, type Column, type Mark } from '../charts/histogram';
import { b, css, h, svg, swatch, type Child } from '../dom';
import * as F from '../format';
import { D, bucketColor, bucketName, bucketRank, lacks, opColor, opName, opRank } from '../model';
import { empty, type Block, type Panel, type Plain } from '../panel';
import { totals } from '../query';
import { sketch, type Sketch } from '../sketch';
import { toggle, type Selection } from '../state';
import { bucketLegend, caption, parted, rangeName, scope, tiles, type Page } from './common';
import { NO_TIME, NO_TIMED, latencyPanel } from './details';

type Match = (bucket: number, op: number) => boolean;

export const latency: Page = (sel): Block[] => {
  const chosen: Match = (x, o) => (!sel.b || sel.b.has(x)) && (!sel.o || sel.o.has(o));
  const all = sketch(sel.range, chosen);
  if (!all.n) {
    const timed = totals({ ...sel, from: sel.range.since, to: D.end }).timed;
    const why = lacks('aws.s3.total_time') ? NO_TIME : timed ? SHARED : NO_TIMED;
    return [{ id: 'no-latency', span: 'c12', title: 'Latency', also: timed, empty: why }];
  }
  const list = (ids: number[], of: (x: number, o: number) => number): Measured[] =>
    [...ids, -1]
      .map((i) => ({ i, q: sketch(sel.range, (x, o) => chosen(x, o) && of(x, o) === i) }))
      .filter((m) => m.q.n)
      .sort((a, z) => z.q.total(0.95) - a.q.total(0.95));
  const buckets = list(bucketRank, (x) => x);
  const ops = list(opRank, (_, o) => o);
  const high = 10 ** Math.ceil(Math.log10(Math.max(100, ...buckets.map((m) => m.q.total(0.99)))));
  return [
    figures(all),
    bucketLegend(sel),
    howLong(sel, all),
    latencyPanel(sel, 'when-slow', 250),
    slowest(sel, BUCKETS, buckets, high),
    slowest(sel, OPERATIONS, ops, high),
    words(sel),
  ];
};

const SHARED = empty(
  'These buckets and operations share one sketch with others:',
  'their latency cannot be told apart. Without the filters it is in the figures of all.',
);

/** The name of a bucket or operation, and its sketch. */
interface Measured {
  i: number;
  q: Sketch;
}

function figures(all: Sketch): Plain {
  const slow = all.bins.filter(([v]) => v > 1000).reduce((a, [, n]) => a + n, 0);
  const [max, maxUnit] = F.durationParts(all.max);
  const upTo = (k: string, p: number) => {
    const [v, unit] = F.durationParts(all.total(p));
    return { k, v, unit, note: `${F.duration(all.first(p))} until the first byte` };
  };
  return tiles('figures', 'n5', [
    upTo('Half of requests take up to', 0.5),
    upTo('95 of 100 take up to', 0.95),
    upTo('99 of 100 take up to', 0.99),
    { k: 'Slowest', v: max, unit: maxUnit, note: 'total time, exact' },
    {
      k: 'Over one second',
      v: F.count(slow),
      unit: F.percent(slow / all.n),
      unitWide: ' of requests',
      note: `of ${F.plural(all.n, 'request')}`,
    },
  ]);
}

const PER_DECADE = 8;

/** Sketch bins added up to eight columns a decade. */
function columns(all: Sketch): { cols: Column[]; pos: (ms: number) => number } {
  const index = (v: number) => Math.floor(Math.log10(Math.max(1, v)) * PER_DECADE + 1e-9);
  const first = index(all.total(0.001));
  const last = Math.max(first, index(all.max));
  const cols: Column[] = [];
  for (let k = first; k <= last; k++) {
    cols.push({
      from: 10 ** (k / PER_DECADE),
      to: 10 ** ((k + 1) / PER_DECADE),
      n: 0,
      tick: k % PER_DECADE === 0,
    });
  }
  for (const [v, n] of all.bins) cols[Math.max(0, Math.min(cols.length - 1, index(v) - first))].n += n;
  return { cols, pos: (ms) => (Math.log10(Math.max(1, ms)) * PER_DECADE - first) / cols.length };
}

function howLong(sel: Selection, all: Sketch): Panel {
  const { cols, pos } = columns(all);
  const marks = [
    ['p50', 0.5],
    ['p95', 0.95],
    ['p99', 0.99],
  ] as const;
  const at = marks.map(([name, p]): Mark => ({ name, v: all.total(p), pos: pos(all.total(p)) }));
  return {
    id: 'spread',
    span: 'c6',
    title: 'How long do requests take?',
    scope: scope(sel, ['b', 'o']),
    caption: caption(sel),
    height: 250,
    unit: 'Requests by total time, logarithmic',
    answer: [
      `Half take ${F.duration(all.total(0.5))} or less; the slowest 1 in 100 takes ` +
        `${F.duration(all.total(0.99))} or more.`,
    ],
    table: {
      cols: [
        { t: 'From', csv: 'From (ms)', f: F.duration },
        { t: 'To', csv: 'To (ms)', f: F.duration },
        { t: 'Requests', num: true, f: F.count },
      ],
      rows: cols.map((c) => [+c.from.toPrecision(3), +c.to.toPrecision(3), c.n]),
    },
    chart: (el) => histogram(el, cols, css('--read-2'), at),
  };
}

interface Kind {
  id: string;
  title: string;
  one: string;
  key: 'b' | 'o';
  name: (i: number) => string;
  color: (i: number) => string;
}

const BUCKETS: Kind = {
  id: 'slow-buckets',
  title: 'Which bucket is slow?',
  one: 'Bucket',
  key: 'b',
  name: bucketName,
  color: bucketColor,
};
const OPERATIONS: Kind = {
  id: 'slow-operations',
  title: 'Which operation is slow?',
  one: 'Operation',
  key: 'o',
  name: opName,
  color: opColor,
};
const PARTS = [
  ['p50', 0.5],
  ['p95', 0.95],
  ['p99', 0.99],
] as const;

function slowest(sel: Selection, kind: Kind, list: Measured[], high: number): Panel {
  const ms = (t: string, csv: string) => ({ t, csv: `${csv} (ms)`, num: true, f: F.duration });
  const three = (v: number) => +v.toPrecision(3);
  return {
    id: kind.id,
    span: 'c12',
    title: kind.title,
    scope: scope(sel, ['b', 'o']),
    caption: caption(sel),
    also: high,
    answer: [
      b(kind.name(list[0].i)),
      `: 95 of 100 requests take up to ${F.duration(list[0].q.total(0.95))}.`,
    ],
    table: {
      cols: [
        { t: kind.one },
        ...PARTS.map(([t]) => ms(t, t)),
        ms('max', 'max'),
        ms('p95 first byte', 'p95 turn-around'),
        { t: 'Requests', num: true, f: F.count },
      ],
      rows: list.map(({ i, q }) => [
        kind.name(i),
        ...PARTS.map(([, p]) => three(q.total(p))),
        q.max,
        three(q.first(0.95)),
        q.n,
      ]),
    },
    node: () => spreadTable(kind, list.slice(0, ROWS), high),
  };
}

const ROWS = 25;

function spreadTable(kind: Kind, list: Measured[], high: number): HTMLElement {
  const row = ({ i, q }: Measured): Child =>
    h(
      'tr',
      { class: 'pick', onclick: () => toggle(kind.key, i) },
      h('td', null, h('span', { class: 'badge' }, swatch(kind.color(i)), parted(kind.name(i)))),
      h('td', { class: 'opt' }, spread(q, high, kind.color(i))),
      PARTS.map(([, p]) => h('td', { class: 'num' }, F.duration(q.total(p)))),
      h('td', { class: 'num muted opt' }, F.duration(q.first(0.95))),
      h('td', { class: 'num muted opt' }, F.count(q.n)),
    );
  return h(
    'div',
    { class: 'scroll' },
    h(
      'table',
      { class: 'lat' },
      h(
        'thead',
        null,
        h(
          'tr',
          null,
          h('th', null, kind.one),
          h('th', { class: 'opt scale' }, axis(high)),
          PARTS.map(([t]) => h('th', { class: 'num' }, t)),
          h('th', { class: 'num opt' }, 'First byte p95'),
          h('th', { class: 'num opt' }, 'Requests'),
        ),
      ),
      h('tbody', null, list.map(row)),
    ),
  );
}

const decades = (high: number): number[] =>
  Array.from({ length: Math.round(Math.log10(high)) }, (_, i) => 10 ** i);
const place = (v: number, high: number): number =>
  Math.max(0, Math.min(100, (Math.log(Math.max(1, v)) / Math.log(high)) * 100));

/** p50 to p95 to p99 on one logarithmic scale: a line, a thick part, three marks. */
function spread(q: Sketch, high: number, color: string): SVGElement {
  const [a, m, z] = PARTS.map(([, p]) => place(q.total(p), high));
  const rect = (x: number, y: number, width: number, height: number, fill = color, opacity = 1) =>
    svg('rect', { x, y, width, height, fill, opacity });
  return svg(
    'svg',
    { 'viewBox': '0 0 100 18', 'preserveAspectRatio': 'none', 'class': 'spread', 'aria-hidden': 'true' },
    ...decades(high).map((v) => rect(place(v, high) - 0.08, 0, 0.16, 18, 'var(--line)')),
    rect(a, 8, Math.max(0.4, z - a), 2, color, 0.55),
    rect(a, 6, Math.max(0.4, m - a), 6, color, 0.55),
    rect(a - 0.35, 2, 0.7, 14),
    rect(m - 0.35, 3, 0.7, 12),
    rect(z - 0.35, 5, 0.7, 8),
  );
}

const axis = (high: number): HTMLElement =>
  h(
    'div',
    { class: 'axis' },
    decades(high).map((v) => h('span', { style: { left: `${place(v, high)}%` } }, F.durationAxis(v))),
  );

function words(sel: Selection): Plain {
  const { accuracy, otherPairs } = D.bounds.sketch;
  const within = F.percent(accuracy);
  const rest = otherPairs
    ? ` ${F.plural(otherPairs, 'pair')} of bucket and operation share one sketch, which filters leave out.`
    : '';
  return {
    id: 'latency-words',
    key: [rangeName(sel.range), within, rest],
    node: () =>
      h(
        'p',
        { class: 'lede', id: 'latency-words' },
        `Percentiles are of the ${rangeName(sel.range)} and follow the bucket and operation filters, `,
        'not the zoom. ',
        `Each is within ${within} of the true value (DDSketch). Total time runs from the request’s `,
        'arrival to the last byte sent; first byte is S3’s turn-around time. Times of ',
        h('span', { class: 'mono' }, '-'),
        ` are left out.${rest}`,
      ),
  };
}
