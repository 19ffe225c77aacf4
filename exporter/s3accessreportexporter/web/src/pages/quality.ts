/** Data quality: is it all there, what could not be read, what is exact. */
import { b, css, h, type Child } from '../dom';
import * as F from '../format';
import { D, bucketColor, bucketName, bucketRank, hours } from '../model';
import type { Block, Panel, Plain } from '../panel';
import { clockSeconds, date, when } from '../times';
import { bucketBadge, simpleTable, sumOf, tiles, type Page } from './common';

const HOUR = 3_600_000;

export const quality: Page = (): Block[] => [
  figures(),
  coverage(),
  unreadable(),
  unexpected(),
  leftOut(),
  exactness(),
];

function figures(): Plain {
  const q = D.quality;
  const lines = D.records + q.malformed + q.repeated;
  const odd = sumOf(q.unexpected.map((u) => u.n));
  return tiles('figures', 'n5', [
    { k: 'Records counted', v: F.count(D.records), note: 'each once' },
    {
      k: 'Lines that could not be read',
      v: F.count(q.malformed),
      dot: '--c4xx',
      note: q.malformed ? `1 in ${F.count(lines / q.malformed)}` : 'all could be read',
    },
    { k: 'Unexpected values', v: F.count(odd), note: 'kept as they were logged' },
    { k: 'Repetitions left out', v: F.count(q.repeated), note: 'seen by log.record.uid' },
    {
      k: 'Newest record',
      v: D.newest ? clockSeconds(D.newest) : '–',
      note: D.newest
        ? `${F.span(Math.max(0, D.written - D.newest))} before this report was written`
        : 'none yet',
    },
  ]);
}

/** Requests by hour of each bucket, from the first record on. */
function byHour(): { from: number; n: number; of: Float64Array[] } {
  const from = Math.floor(D.oldest / HOUR) * HOUR;
  const n = Math.max(0, Math.ceil((D.end - from) / HOUR));
  const of = D.buckets.map(() => new Float64Array(n));
  for (let i = 0; i < hours.len; i++) {
    const k = Math.round((hours.t[i] - from) / HOUR);
    if (k >= 0 && k < n) of[hours.b[i]][k] += hours.n[i];
  }
  return { from, n, of };
}

const STRIPS = 60;

function coverage(): Panel {
  const { from, n, of } = byHour();
  const without = of.map((v) => v.filter((x) => !x).length);
  const worst = without.indexOf(Math.max(...without));
  const shown = bucketRank.slice(0, STRIPS);
  return {
    id: 'coverage',
    span: 'c12',
    title: 'Is the data complete?',
    also: hours.n,
    scope: 'all of the data',
    answer: !D.records
      ? ['There is no record yet.']
      : without[worst]
        ? [
            b(bucketName(worst)),
            ` has ${F.plural(without[worst], 'hour')} without a record. A quiet bucket and ` +
              'missing logs look the same here.',
          ]
        : ['Every bucket has records in every hour.'],
    table: {
      cols: [
        { t: 'Bucket' },
        { t: 'Requests', num: true, f: F.count },
        { t: 'Hours with records', num: true, f: F.count },
        { t: 'Hours without', num: true, f: F.count },
      ],
      rows: bucketRank.map((x) => [bucketName(x), sumOf([...of[x]]), n - without[x], without[x]]),
    },
    node: () =>
      h(
        'div',
        { class: 'cover' },
        shown.map((x) => strip(x, of[x], n - without[x])),
        days(from, n),
      ),
  };
}

function strip(bucket: number, v: Float64Array, filled: number): HTMLElement {
  const height = 18;
  const label = `${bucketName(bucket)}: ${filled} of ${v.length} hours with records`;
  const canvas = h('canvas', { 'width': v.length * 4, height, 'role': 'img', 'aria-label': label });
  const g = canvas.getContext('2d');
  if (g) {
    const max = Math.max(...v);
    g.fillStyle = css('--sunken');
    g.fillRect(0, 0, v.length * 4, height);
    v.forEach((x, k) => {
      g.globalAlpha = x ? 0.25 + 0.75 * Math.sqrt(x / max) : 1;
      g.fillStyle = x ? bucketColor(bucket) : css('--c4xx');
      g.fillRect(k * 4, x ? 0 : height - 4, x ? 3.4 : 4, x ? height : 4);
    });
  }
  return h('div', { class: 'r' }, bucketBadge(bucket), canvas);
}

function days(from: number, n: number): HTMLElement {
  const span = n * HOUR;
  const every = Math.max(1, Math.ceil(n / 24 / (innerWidth < 720 ? 4 : 12)));
  const marks: number[] = [];
  for (let t = Math.ceil(from / (24 * HOUR)) * 24 * HOUR; t < from + span; t += every * 24 * HOUR)
    marks.push(t);
  return h(
    'div',
    { class: 'r a' },
    h('span', { class: 'nm muted' }, 'Stronger: more. ', h('i', { class: 'sw none' }), ' No record'),
    h(
      'div',
      { class: 'ax' },
      marks.map((t) => h('span', { style: { left: `${((t - from) / span) * 100}%` } }, date(t))),
    ),
  );
}

/** What stands at the bucket's place in a line, if a bucket can have that name. */
const bucketOr = (name: string, otherwise: string): string =>
  /^[\w.-]{3,255}$/.test(name) ? name : otherwise;

function unreadable(): Panel {
  const q = D.quality;
  const panel: Panel = { id: 'unreadable', span: 'c6', title: 'Which lines could not be read?' };
  if (!q.malformed) return { ...panel, node: () => h('p', { class: 'calm' }, 'Every line could be read.') };
  const bucket = (name: string): Child => {
    const i = D.buckets.indexOf(name);
    return i < 0 ? bucketOr(name, '–') : bucketBadge(i);
  };
  const reason = (text: string, example: string): Child => [
    h('span', { class: 'long' }, text),
    h('span', { class: 'sub mono', title: example }, example),
  ];
  return {
    ...panel,
    answer: [b(F.plural(q.malformed, 'line')), '; each is kept as a record with its text.'],
    table: {
      cols: [
        { t: 'Reason' },
        { t: 'Bucket' },
        { t: 'Lines', num: true, f: F.count },
        { t: 'Last', time: true, f: when },
        { t: 'Example' },
      ],
      rows: q.reasons.map((r) => [r.reason, bucketOr(r.bucket, ''), r.n, r.last || null, r.example]),
    },
    node: () =>
      simpleTable(
        [
          { t: 'Reason and example', cls: 'name' },
          { t: 'Bucket', cls: 'opt' },
          { t: 'Lines', num: true },
        ],
        q.reasons.map((r) => [reason(r.reason, r.example), bucket(r.bucket), F.count(r.n)]),
      ),
  };
}

function unexpected(): Panel {
  const list = D.quality.unexpected;
  const panel: Panel = { id: 'unexpected', span: 'c6', title: 'Which values were unexpected?' };
  if (!list.length)
    return {
      ...panel,
      node: () => h('p', { class: 'calm' }, 'None: every value is one that AWS documents.'),
    };
  return {
    ...panel,
    answer: ['New values of S3 are kept and counted, never guessed at.'],
    table: {
      cols: [
        { t: 'Field' },
        { t: 'Value' },
        { t: 'Records', num: true, f: F.count },
        { t: 'Last', time: true, f: when },
      ],
      rows: list.map((u) => [u.field, u.value, u.n, u.last]),
    },
    node: () =>
      simpleTable(
        [{ t: 'Field' }, { t: 'Value' }, { t: 'Last' }, { t: 'Records', num: true }],
        list.map((u) => [u.field, h('span', { class: 'mono' }, u.value), when(u.last), F.count(u.n)]),
      ),
  };
}

/** What was counted but is charted nowhere, or not apart. */
function leftOut(): Panel {
  const { quality: q, bounds } = D;
  const rows: [string, number, string][] = [
    ['Records newer than the clock and a day', q.future, 'A clock is wrong. Charted nowhere.'],
    ['Records older than the retention', q.old, 'They came too late. Charted nowhere.'],
    ['Records that are not S3’s, or have no time or bucket', q.ignored, 'Not counted.'],
    ['Records without log.record.uid', q.noUid, 'Counted, but a repetition would be counted again.'],
    ['Buckets in “others”', q.otherBuckets, 'Beyond 200 buckets.'],
    ['Operations in “others”', q.otherOps, 'Beyond 100 operations.'],
    [
      'Buckets that share one top list',
      bounds.top.otherBuckets,
      `Beyond ${F.count(bounds.top.buckets)} buckets.`,
    ],
    [
      'Pairs of bucket and operation that share one sketch',
      bounds.sketch.otherPairs,
      `Beyond ${F.count(bounds.sketch.pairs)} pairs.`,
    ],
    ['Texts cut at 256 bytes', q.cut, 'Names, keys and user agents.'],
  ];
  const some = rows.filter(([, n]) => n);
  return {
    id: 'left-out',
    span: 'c12',
    title: 'What is left out or added together?',
    answer: [some.length ? 'Not everything has a place of its own in the charts.' : 'Nothing.'],
    table: { cols: [{ t: 'What' }, { t: 'How many', num: true, f: F.count }, { t: 'Why' }], rows },
    node: () =>
      some.length
        ? simpleTable(
            [{ t: 'What' }, { t: 'Why', cls: 'opt' }, { t: 'How many', num: true }],
            some.map(([what, n, why]) => [what, h('span', { class: 'muted' }, why), F.count(n)]),
          )
        : h('p', { class: 'calm' }, 'Every record has its place in the charts, and every name its own.'),
  };
}

function tiersInWords(): string {
  return [...D.tiers]
    .reverse()
    .map((t, i) => {
      const width = F.stepName(t.width);
      return i === D.tiers.length - 1
        ? `1 ${width} before`.replace('1 1', '1')
        : `1 ${width} from ${when(t.from)} on`;
    })
    .join(', ')
    .replaceAll(/1 (\d)/g, '$1');
}

function exactness(): Panel {
  const { bounds } = D;
  const coarse = bounds.cells.coarsened ? '; the budget is used up, so the oldest are wider' : '';
  const rows = [
    [
      'Requests, bytes, errors, by time and operation',
      `Cells: ${tiersInWords()} (${F.count(bounds.cells.used)} of ${F.count(bounds.cells.budget)})${coarse}`,
      'exact',
      'range, zoom, bucket, operation',
    ],
    [
      'Requests, bytes, errors, by hour and bucket',
      'One row a bucket and hour, over all of the data',
      'exact',
      'range, zoom, bucket',
    ],
    ['Percentiles', 'DDSketch', `within ${F.percent(bounds.sketch.accuracy)}`, 'range, bucket, operation'],
    [
      'Top lists, lists of who',
      `Space-Saving, ${F.count(bounds.top.entries)} of each bucket, ${F.count(bounds.who)} in lists of who`,
      'of one bucket never too low; too high by what each row says',
      'range, bucket',
    ],
    [
      'Different keys, clients, requesters',
      'HyperLogLog',
      `about ${F.percent(bounds.distinct.error)}`,
      'range, bucket',
    ],
    ['Places', 'GeoIP database of the receiver', 'as good as the database', 'range, bucket'],
    ['Repetitions', `The last ${F.count(bounds.uids)} uids`, 'none missed inside the window', 'everything'],
  ];
  return {
    id: 'exactness',
    span: 'c12',
    title: 'What is exact here, and what is estimated?',
    answer: [
      'Requests, bytes and errors are counted; the rest is estimated, each within the error given here.',
    ],
    table: { cols: [{ t: 'Figure' }, { t: 'How' }, { t: 'Error' }, { t: 'Follows' }], rows },
    node: () =>
      simpleTable(
        [{ t: 'Figure' }, { t: 'How it is made', cls: 'opt' }, { t: 'Error' }, { t: 'Follows' }],
        rows.map(([figure, how, error, follows]) => [
          figure,
          h('span', { class: 'muted' }, how),
          error,
          follows,
        ]),
      ),
  };
}
