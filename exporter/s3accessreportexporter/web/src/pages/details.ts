/** Details: the same over time, by bucket. */
import { bins, type Bins } from '../bins';
import { spreadOut, timeChart, type TimeSeries } from '../charts/time';
import { b, css, h, type Rich } from '../dom';
import * as F from '../format';
import { codes } from '../lists';
import { bucketColor, bucketName, lacks } from '../model';
import { empty, type Panel } from '../panel';
import { before, by, scale, totals, type Window } from '../query';
import type { Selection } from '../state';
import { when } from '../times';
import {
  bucketBadge,
  bucketLegend,
  caption,
  per,
  periodName,
  rangeName,
  scope,
  sumOf,
  timeTable,
  type Page,
} from './common';
import { bucketSeries, geoPanel, opPanel } from './shared';

export const details: Page = (sel) => [
  bucketLegend(sel),
  requests(sel),
  sent(sel),
  errors(sel),
  latencyPanel(sel, 'latency', 256),
  added(sel),
  opPanel(sel, 'c5', 300),
  geoPanel(sel, 'c12', 400),
];

const common = (sel: Selection): Pick<Panel, 'scope' | 'caption' | 'span'> => ({
  scope: scope(sel, ['t', 'b', 'o']),
  caption: caption(sel),
  span: 'c6',
});

/** Largest sum of a bin, and its middle. */
function peakOf(series: TimeSeries[], B: Bins): [number, number] {
  const sums = B.at.map((_, i) => sumOf(series.map((s) => s.data[i] ?? 0)));
  const i = sums.indexOf(Math.max(...sums));
  return [sums[i], B.mid[i]];
}

function requests(sel: Selection): Panel {
  const B = bins(sel, 90);
  const series = bucketSeries(sel, B, (s, i) => s.n[i]);
  const all = totals(sel).n;
  const [peak, at] = peakOf(series, B);
  return {
    ...common(sel),
    id: 'total-requests',
    title: 'Total Requests by S3 Bucket',
    height: 220,
    answer: all
      ? [
          b(F.count(all)),
          ` requests; busiest around ${when(at)} with ${F.count(peak)} in ${F.inStep(B.step)}.`,
        ]
      : ['No request in this range.'],
    unit: per('Requests', B),
    table: timeTable(B, series, F.count, 'requests'),
    chart: (el) => timeChart(el, { B, kind: 'area', groups: [{ name: '', series }] }),
  };
}

function sent(sel: Selection): Panel {
  const B = bins(sel, 90);
  const series = bucketSeries(sel, B, (s, i) => s.out[i]);
  const all = totals(sel).out;
  const [peak, at] = peakOf(series, B);
  return {
    ...common(sel),
    id: 'data-sent',
    title: 'Data Volume Sent in MB by S3 Bucket',
    height: 220,
    answer: all
      ? [b(F.bytes(all)), ` sent; most around ${when(at)} with ${F.bytes(peak)} in ${F.inStep(B.step)}.`]
      : ['Nothing was sent.'],
    unit: per(`${F.bytesAxis(Math.max(peak, 1)).unit} sent`, B),
    table: timeTable(B, series, F.bytes, 'bytes'),
    chart: (el) =>
      timeChart(el, { B, kind: 'area', bytes: true, value: F.bytes, groups: [{ name: '', series }] }),
  };
}

/** Two plots on one axis: client errors above, server errors below. */
function errors(sel: Selection): Panel {
  const B = bins(sel, 40);
  const failing = (f: 'c4' | 'c5') =>
    bucketSeries(sel, B, (s, i) => s[f][i]).filter((s) => s.data.some(Boolean));
  const c4 = failing('c4');
  const c5 = failing('c5');
  const all = totals(sel);
  const most = codes(sel.range, sel)
    .slice(0, 3)
    .map(([code, n]) => `${code} (${F.count(n)})`)
    .join(', ');
  const where = sel.custom ? `in the ${rangeName(sel.range)} mostly` : 'mostly';
  const answer: Rich =
    all.c4 + all.c5
      ? [
          b(F.count(all.c4)),
          ' client and ',
          b(F.count(all.c5)),
          ` server errors${most ? `; ${where} ${most}` : ''}.`,
        ]
      : ['No request failed in this range.'];
  const named = (kind: string, list: TimeSeries[]) => list.map((s) => ({ ...s, name: `${kind} ${s.name}` }));
  return {
    ...common(sel),
    id: 'errors',
    title: 'Total 4xx/5xx Status codes by S3 Bucket',
    height: 256,
    answer,
    unit: per('Errors', B),
    table: timeTable(B, [...named('4xx', c4), ...named('5xx', c5)], F.count),
    chart: (el) =>
      timeChart(el, {
        B,
        kind: 'column',
        groups: [
          { name: '4xx', color: css('--c4xx'), series: c4 },
          { name: '5xx', color: css('--c5xx'), series: c5 },
        ],
      }),
  };
}

/** Averages are never stacked; one bucket does not flatten the others. */
export function latencyPanel(sel: Selection, id: 'latency' | 'when-slow', height: number): Panel {
  const B = bins(sel, 45);
  const series = bucketSeries(sel, B, (s, i) => (s.timed[i] ? s.ms[i] / s.timed[i] : null)).filter((s) =>
    s.data.some((v) => v !== null),
  );
  const log = spreadOut(series);
  const slow = [...by(sel, 'b')]
    .filter(([, s]) => s.timed > 20)
    .map(([bucket, s]): [number, number] => [bucket, s.ms / s.timed])
    .sort((a, z) => z[1] - a[1])[0];
  const peaks = series
    .map((s) => ({ s, v: Math.max(...s.data.map((v) => v ?? 0)) }))
    .sort((a, z) => z.v - a.v);
  const panel: Panel = {
    ...common(sel),
    id,
    height,
    title: id === 'latency' ? 'Average Latency in Milliseconds by S3 Bucket' : 'When was it slow?',
  };
  if (!series.length) return { ...panel, empty: lacks('aws.s3.total_time') ? NO_TIME : NO_TIMED };
  const slowest: Rich = slow
    ? [b(bucketName(slow[0])), ` is slowest: ${F.duration(slow[1])} on average, from request to last byte.`]
    : ['Too few requests to tell.'];
  const top = peaks[0];
  const peak: Rich = [
    b(top.s.name),
    ` peaked at ${F.duration(top.v)} around ${when(B.mid[top.s.data.indexOf(top.v)])}.`,
  ];
  return {
    ...panel,
    answer: id === 'latency' ? slowest : peak,
    unit: `${per('Total time, average', B)}${log ? ', logarithmic' : ''}`,
    table: timeTable(B, series, F.duration, 'ms'),
    chart: (el) =>
      timeChart(el, {
        B,
        kind: 'line',
        value: F.duration,
        axis: F.durationAxis,
        log,
        groups: [{ name: '', series }],
      }),
  };
}

export const NO_TIME = empty(
  'No record carries aws.s3.total_time:',
  'it is excluded on the receiver. Take it out of the list, and new records are timed:',
  ['receivers:', '  s3_access_logs:', '    logs:', '      exclude_attributes: [...]'],
);
export const NO_TIMED = empty('No request of this range has a total time.', 'S3 logged - for all of them.');

const change = (now: number, was: number): string => {
  if (now / was >= 2) return F.times(now / was);
  return `${now >= was ? '+' : '−'}${F.percent(Math.abs(now / was - 1))}`;
};

function added(sel: Selection): Panel {
  const prev = before(sel);
  const norm = prev ? scale(sel, prev) : 1;
  const was = prev ? by(prev, 'b') : null;
  const rows = [...by(sel, 'b')]
    .map(([bucket, s]) => ({
      bucket,
      v: s.in,
      prev: was ? Math.round((was.get(bucket)?.in ?? 0) * norm) : null,
    }))
    .sort((a, z) => z.v - a.v);
  const all = sumOf(rows.map((r) => r.v));
  const before0 = prev ? Math.round(totals(prev as Window).in * norm) : null;
  const share = (v: number) => (all ? v / all : 0);
  const to = bucketName(rows[0]?.bucket ?? -1);
  return {
    ...common(sel),
    id: 'data-added',
    span: 'c7',
    title: 'Data Added to S3 Bucket',
    answer: all
      ? [
          b(F.bytes(all)),
          ` added by PUT, parts, POST and COPY; ${F.percent(share(rows[0].v))} of it to ${to}.`,
        ]
      : ['Nothing was added in this range.'],
    table: {
      cols: [
        { t: 'Bucket' },
        { t: 'Added, MiB', csv: 'Added (bytes)', num: true, f: F.mib },
        { t: 'Share', num: true, f: F.percent },
        { t: 'Before, MiB', csv: 'Previous period (bytes)', num: true, f: F.mib },
      ],
      rows: rows.map((r) => [bucketName(r.bucket), r.v, share(r.v), r.prev]),
    },
    node: () => addedTable(sel, rows, all, before0),
  };
}

function addedTable(
  sel: Selection,
  rows: { bucket: number; v: number; prev: number | null }[],
  all: number,
  before0: number | null,
): HTMLElement {
  const num = (t: string, cls = '') => h('td', { class: `num ${cls}` }, t);
  const mib = (v: number | null) => (v === null ? '–' : F.mib(v));
  const top = Math.max(1, rows[0]?.v ?? 0);
  const bar = (v: number, bucket: number) =>
    h(
      'span',
      { class: 'track' },
      h('i', { style: { width: `${(v / top) * 100}%`, background: bucketColor(bucket) } }),
    );
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
          h('th', null, 'Bucket'),
          h('th', { class: 'num' }, 'Added, MiB'),
          h('th', { class: 'num' }, 'Share'),
          h('th', { class: 'num opt', title: periodName(sel) }, 'Before, MiB'),
          h('th', { class: 'num' }, 'Change'),
        ),
      ),
      h(
        'tbody',
        null,
        rows.map((r) =>
          h(
            'tr',
            null,
            h('td', { class: 'name' }, bucketBadge(r.bucket), bar(r.v, r.bucket)),
            num(F.mib(r.v)),
            num(F.percent(all ? r.v / all : 0), 'muted'),
            num(mib(r.prev), 'muted opt'),
            num(r.prev ? change(r.v, r.prev) : '–'),
          ),
        ),
        h(
          'tr',
          { class: 'sum' },
          h('td', null, 'All buckets'),
          num(F.mib(all)),
          num(''),
          num(mib(before0), 'opt'),
          num(before0 ? change(all, before0) : '–'),
        ),
      ),
    ),
  );
}
