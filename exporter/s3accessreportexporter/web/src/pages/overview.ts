/** Overview: how much, how it changed, and what stands out. */
import { bins, zeros } from '../bins';
import { bars } from '../charts/bars';
import { timeChart } from '../charts/time';
import { b, css, h, type Child, type Rich } from '../dom';
import * as F from '../format';
import { bucketColor, bucketName } from '../model';
import type { Panel, Plain } from '../panel';
import { before, by, emptySeries, scale, timeline, totals, type Sums, type Window } from '../query';
import { sketch } from '../sketch';
import { hash, toggle, type Selection } from '../state';
import { when } from '../times';
import {
  caption,
  compare,
  legendOf,
  per,
  periodName,
  rangeName,
  scope,
  sparkBins,
  tiles,
  timeTable,
  type Page,
} from './common';
import { findingsPanel } from './findings';
import { geoPanel, opPanel } from './shared';

export const overview: Page = (sel) => {
  const prev = before(sel);
  return [
    figures(sel, prev),
    findingsPanel(sel),
    busy(sel),
    geoPanel(sel, 'c7', 296),
    opPanel(sel, 'c5', 296),
    byBucket(sel, prev, REQUESTS),
    byBucket(sel, prev, SENT),
  ];
};

function figures(sel: Selection, prev: Window | null): Plain {
  const now = totals(sel);
  const was = prev ? totals(prev) : null;
  const S = sparkBins(sel);
  const t = timeline(sel, S).get(0) ?? emptySeries(S.n);
  const match = (x: number, o: number) => (!sel.b || sel.b.has(x)) && (!sel.o || sel.o.has(o));
  const q = sketch(sel.range, match);
  const against = (f: (s: Sums) => number) => compare(f(now), was ? f(was) : null, sel, prev);
  const share = (n: number) => ({ unit: F.percent(now.n ? n / now.n : 0), unitWide: ' of requests' });
  const [out, outUnit] = F.bytesParts(now.out);
  const [into, intoUnit] = F.bytesParts(now.in);
  const [p95, p95Unit] = q.n ? F.durationParts(q.total(0.95)) : ['–', ''];
  const zoomed = sel.custom ? `; ${rangeName(sel.range)}` : '';
  const half = `half of requests under ${F.duration(q.total(0.5))}${zoomed}`;
  const details = hash({ page: 'details' });
  return tiles('figures', '', [
    { k: 'Requests', v: F.count(now.n), ...against((s) => s.n), spark: t.n, color: '--read-2' },
    { k: 'Data sent', v: out, unit: outUnit, ...against((s) => s.out), spark: t.out, color: '--read-2' },
    { k: 'Data added', v: into, unit: intoUnit, ...against((s) => s.in), spark: t.in, color: '--write-2' },
    {
      k: 'Client errors 4xx',
      v: F.count(now.c4),
      ...share(now.c4),
      ...against((s) => s.c4),
      bad: 'bad4',
      spark: t.c4,
      color: '--c4xx',
      dot: '--c4xx',
      href: details,
    },
    {
      k: 'Server errors 5xx',
      v: F.count(now.c5),
      ...share(now.c5),
      ...against((s) => s.c5),
      bad: 'bad5',
      spark: t.c5,
      color: '--c5xx',
      dot: '--c5xx',
      href: details,
    },
    {
      k: 'Latency, 95th percentile',
      v: p95,
      unit: p95Unit,
      note: q.n ? half : now.timed ? 'in one sketch with others' : 'no request with a total time',
      spark: t.ms.map((ms, i) => (t.timed[i] ? ms / t.timed[i] : 0)),
      href: hash({ page: 'latency' }),
    },
  ]);
}

/** Stacked columns with errors at the base, so that they can be compared. */
function busy(sel: Selection): Panel {
  const B = bins(sel, 60);
  const t = timeline(sel, B).get(0) ?? emptySeries(B.n);
  const answered = t.n.map((n, i) => n - t.c4[i] - t.c5[i]);
  const series = [
    { name: '5xx', color: css('--c5xx'), data: t.c5 },
    { name: '4xx', color: css('--c4xx'), data: t.c4 },
    { name: 'Answered (2xx, 3xx)', color: css('--ok'), data: answered },
  ];
  const errors = zeros(B.n).map((_, i) => t.c4[i] + t.c5[i]);
  const peak = errors.indexOf(Math.max(...errors));
  const answer: Rich = errors[peak]
    ? [
        'Most errors around ',
        b(when(B.mid[peak])),
        `: ${F.count(errors[peak])} of ${F.plural(t.n[peak], 'request')} in ${F.inStep(B.step)}.`,
      ]
    : ['No request failed in this range.'];
  const legend = [...series].reverse();
  return {
    id: 'when',
    span: 'c7',
    title: 'When was it busy, and when did it fail?',
    scope: scope(sel, ['t', 'b', 'o']),
    caption: caption(sel),
    height: 316,
    answer,
    unit: per('Requests', B),
    unitRight: () => legendOf(legend),
    table: timeTable(B, legend, F.count),
    chart: (el) => timeChart(el, { B, kind: 'column', groups: [{ name: '', series }] }),
  };
}

interface Measure {
  id: string;
  title: string;
  of: (s: Sums) => number;
  unit: string;
  bytes: boolean;
}

const REQUESTS: Measure = {
  id: 'requests-by-bucket',
  title: 'Total Requests by S3 Bucket',
  of: (s) => s.n,
  unit: 'Requests',
  bytes: false,
};
const SENT: Measure = {
  id: 'data-sent-by-bucket',
  title: 'Data Volume Sent in MB by S3 Bucket',
  of: (s) => s.out,
  bytes: true,
  unit: 'Bytes sent to clients (1 MB as the vendor counts it is 1 MiB)',
};
const BARS = 10;

function byBucket(sel: Selection, prev: Window | null, m: Measure): Panel {
  const was = prev ? by(prev, 'b') : null;
  const norm = prev ? scale(sel, prev) : 1;
  const rows = [...by(sel, 'b')]
    .map(([bucket, s]) => {
      const old = was?.get(bucket);
      return { bucket, v: m.of(s), prev: was ? Math.round((old ? m.of(old) : 0) * norm) : null };
    })
    .sort((a, z) => z.v - a.v);
  const sum = rows.reduce((a, r) => a + r.v, 0);
  const words = m.bytes ? F.bytes : F.count;
  const shown = rows.slice(0, BARS);
  const tick = (): Child =>
    prev
      ? h('span', { class: 'legend' }, h('span', null, h('i', { class: 'sw tick' }), periodName(sel)))
      : 'no earlier data to compare';
  const share = (v: number) => (sum ? v / sum : 0);
  const first = rows[0];
  const answer: Rich = !sum
    ? [m.bytes ? 'Nothing was sent in this range.' : 'No request in this range.']
    : m.bytes
      ? [b(bucketName(first.bucket)), ` sent ${F.bytes(first.v)} of ${F.bytes(sum)}.`]
      : [b(bucketName(first.bucket)), ` takes ${F.percent(share(first.v))} of requests.`];
  const more = rows.length > BARS ? `, the first ${BARS} of ${rows.length}` : '';
  const figure = m.bytes
    ? { t: 'Sent, MiB', csv: 'Sent (bytes)', num: true, f: F.mib }
    : { t: 'Requests', num: true, f: F.count };
  const earlier = m.bytes
    ? { t: 'Before, MiB', csv: 'Previous period (bytes)', num: true, f: F.mib }
    : { t: 'Before', csv: 'Previous period', num: true, f: F.count };
  return {
    id: m.id,
    span: 'c6',
    title: m.title,
    scope: scope(sel, ['t', 'b', 'o']),
    caption: caption(sel),
    answer,
    height: Math.max(150, 34 * shown.length + 34),
    unit: `${m.unit}${more}`,
    unitRight: tick,
    table: {
      cols: [{ t: 'Bucket' }, figure, { t: 'Share', num: true, f: F.percent }, earlier],
      rows: rows.map((r) => [bucketName(r.bucket), r.v, share(r.v), r.prev]),
    },
    chart: (el) =>
      bars(el, {
        value: words,
        bytes: m.bytes,
        pick: (i) => toggle('b', shown[i].bucket),
        rows: shown.map((r) => ({
          name: bucketName(r.bucket),
          v: r.v,
          prev: r.prev,
          color: bucketColor(r.bucket),
          text: m.bytes ? F.bytes(r.v) : `${F.count(r.v)}  ${F.percent(share(r.v))}`,
        })),
      }),
  };
}
