/** Security: who did what should not be, or should be known. Lists follow the range, charts the zoom too. */
import { cellBins, type Bins } from '../bins';
import { timeChart, type TimeSeries } from '../charts/time';
import type { Kind } from '../data';
import { b, css, h, type Child, type Rich } from '../dom';
import * as F from '../format';
import { byRole, shares, who, type Who } from '../lists';
import { D, bucketName, lacks, rowAt } from '../model';
import { account, principal } from '../names';
import { empty, type Panel, type Plain } from '../panel';
import { before, held, security as sums, totals } from '../query';
import type { Selection } from '../state';
import { when } from '../times';
import {
  bucketBadge,
  caption,
  compare,
  legendOf,
  listScope,
  per,
  ranked,
  sharesList,
  tiles,
  type Page,
  type RankedCol,
  type Row,
} from './common';

interface About {
  tile: string;
  title: string;
  color: string;
  /** What an empty list means: good news. */
  calm: string;
  /** Attribute without which nothing can be said. */
  needs?: keyof typeof D.attributes;
  answer: (rows: Who[], n: number, sel: Selection) => Rich;
}

const name = (r: Who): string => (r.who ? principal(r.who).name : `Anonymous, ${r.via}`);
const top = (r: Who): string => [...r.what].sort((a, z) => z[1] - a[1])[0][0];

/** "Alice sends 40% of 1,000." */
const sends =
  (verb: string) =>
  (rows: Who[], n: number): Rich => [
    b(name(rows[0])),
    ` ${verb} ${F.percent(Math.min(1, rows[0].n / n))} of ${F.count(n)}.`,
  ];

const website = (sel: Selection): string => {
  const web = sums({ ...sel, from: sel.range.since, to: D.end }, 'website').n;
  return web ? ` ${F.count(web)} more came through website endpoints.` : '';
};

const ABOUT: Record<Exclude<Kind, 'deniedAnonymous'>, About> = {
  denied: {
    tile: 'Denied',
    title: 'Who was denied?',
    color: '--denied',
    calm: 'Nobody was denied in this range.',
    answer: (r, n) => [
      b(name(r[0])),
      ` on ${bucketName(r[0].b)}: ${F.count(r[0].n)} of ${F.count(n)} denied ` +
        `requests, mostly ${top(r[0])}.`,
    ],
  },
  anonymous: {
    tile: 'Anonymous',
    title: 'Who came without signing?',
    color: '--read-2',
    calm: 'Every request was signed.',
    needs: 'user.id',
    answer: (_, n, sel) => [b(F.count(n)), ` requests over the API were not signed.${website(sel)}`],
  },
  deleted: {
    tile: 'Deletions',
    title: 'Who deleted objects?',
    color: '--delete-1',
    calm: 'Nothing was deleted in this range.',
    answer: (r, n) => [
      b(name(r[0])),
      ` removed ${F.percent(Math.min(1, r[0].n / n))} of ${F.plural(n, 'object')}, from ` +
        `${bucketName(r[0].b)}.`,
    ],
  },
  copied: {
    tile: 'Copies',
    title: 'Who copied objects?',
    color: '--write-2',
    calm: 'Nothing was copied in this range.',
    answer: sends('made'),
  },
  presigned: {
    tile: 'Presigned URLs',
    title: 'Who used a presigned URL?',
    color: '--list-1',
    calm: 'No presigned URL was used.',
    needs: 'aws.s3.auth_type',
    answer: sends('signed'),
  },
  tls: {
    tile: 'TLS below 1.2',
    title: 'Who still uses TLS below 1.2?',
    color: '--config-1',
    calm: 'Every encrypted request used TLS 1.2 or 1.3.',
    needs: 'tls.protocol.version',
    answer: sends('sends'),
  },
  http: {
    tile: 'Plain HTTP',
    title: 'What travelled without encryption?',
    color: '--config-1',
    calm: 'Every request over the API was encrypted.',
    needs: 'tls.protocol.version',
    answer: (_, n, sel) => [b(F.count(n)), ` requests over the API had no TLS.${website(sel)}`],
  },
  sigv2: {
    tile: 'Signature Version 2',
    title: 'Who still signs with Signature Version 2?',
    color: '--config-1',
    calm: 'Every signed request used Signature Version 4.',
    needs: 'aws.signature.version',
    answer: sends('signs'),
  },
  acl: {
    tile: 'ACL-dependent',
    title: 'Whose access depends on an ACL?',
    color: '--config-1',
    calm: 'No request needed an ACL; ACLs can be switched off for these buckets.',
    needs: 'aws.s3.acl_required',
    answer: (_, n) => ['Without ACLs ', b(F.count(n)), ' requests would have failed.'],
  },
  website: {
    tile: 'Website endpoints',
    title: 'Who came through website endpoints?',
    color: '--list-2',
    calm: 'No request came through a website endpoint.',
    answer: (_, n) => [b(F.count(n)), ' requests, anonymous and without TLS by design.'],
  },
};

type Listed = keyof typeof ABOUT;
const ORDER: Listed[] = [
  'denied',
  'anonymous',
  'deleted',
  'copied',
  'presigned',
  'tls',
  'http',
  'sigv2',
  'acl',
  'website',
];

export const security: Page = (sel) => [
  figures(sel),
  denied(sel),
  list(sel, 'anonymous'),
  list(sel, 'http'),
  list(sel, 'presigned'),
  list(sel, 'acl'),
  list(sel, 'tls'),
  list(sel, 'sigv2'),
  deleted(sel),
  list(sel, 'copied'),
  list(sel, 'website'),
];

function figures(sel: Selection): Plain {
  const S = cellBins(sel, 45);
  const prev = before(sel, true);
  const all = totals({ ...held(sel), o: null }).n;
  return tiles(
    'figures',
    'n5',
    ORDER.map((kind) => {
      const { tile, color } = ABOUT[kind];
      const now = sums(sel, kind, S);
      const was = prev ? sums(prev, kind).n : null;
      const loud = kind === 'denied' || kind === 'deleted';
      return {
        k: tile,
        dot: color,
        v: F.count(now.n),
        ...compare(now.n, was, sel, prev),
        bad: loud ? 'bad4' : undefined,
        ...(now.n ? { unit: F.percent(now.n / all), unitWide: ' of requests' } : {}),
        spark: now.bins,
        color,
        onclick: () => document.getElementById(`who-${kind}`)?.scrollIntoView({ block: 'start' }),
      };
    }),
  );
}

const COLS: RankedCol[] = [
  { t: 'Who' },
  { t: 'Bucket', cls: 'opt' },
  { t: 'Last', cls: 'opt2' },
  { t: 'Requests', num: true },
];

function row(r: Who, color: string): Row {
  const p = principal(r.who);
  const from = r.who ? `${p.kind} ${account(r.who)}`.trim() : r.via;
  return {
    name: p.name,
    title: r.who || null,
    sub: `${from} · ${[...r.what.keys()].slice(0, 2).join(', ')}`,
    v: r.n,
    parts: [[r.n, css(color)]],
    extra: [
      bucketBadge(r.b),
      h('span', { class: 'nw' }, when(r.last)),
      count(r.n, r.err),
    ],
  };
}

/** A count that may be too high says so. */
const count = (n: number, err: number): Child =>
  err ? h('span', { title: `too high by at most ${F.count(err)}` }, `≤ ${F.count(n)}`) : F.count(n);

function list(sel: Selection, kind: Listed): Panel {
  const about = ABOUT[kind];
  const rows = who(sel.range, kind, sel);
  // Lists are cut; cells hold all of the range.
  const n = sums({ ...sel, from: sel.range.since, to: D.end }, kind).n;
  const sharing = shares(sel.range, sel);
  const { since } = sel.range;
  const [begin] = rowAt(since);
  const roles = byRole(rows);
  const panel: Panel = {
    id: `who-${kind}`,
    span: 'c6',
    title: about.title,
    scope: listScope(sel, begin < since && `shares of all from ${when(begin)}`),
    caption: caption(sel),
  };
  if (!rows.length && about.needs && lacks(about.needs)) {
    return {
      ...panel,
      empty: empty(
        'Nothing can be said.',
        `No record carries ${about.needs}: it is excluded on ` +
          'the receiver (logs.exclude_attributes), or the server does not log it.',
      ),
    };
  }
  if (!rows.length && n && sharing)
    return { ...panel, also: [n, sel.b?.size], node: () => sharesList(sel, `${F.count(n)} in this range. `) };
  if (!rows.length) return { ...panel, node: () => h('p', { class: 'calm' }, about.calm) };
  return {
    ...panel,
    answer: about.answer(roles, n, sel),
    table: {
      cols: [
        { t: 'Who' },
        { t: 'From' },
        { t: 'What' },
        { t: 'Bucket' },
        { t: 'Requests', num: true, f: F.count },
        { t: 'Too high by at most', num: true, f: F.count },
        { t: 'Last', time: true, f: when },
      ],
      rows: rows.map((r) => [
        r.who || 'Anonymous',
        r.via,
        [...r.what.keys()].join(' '),
        bucketName(r.b),
        r.n,
        r.err,
        r.last,
      ]),
    },
    node: () =>
      ranked(
        COLS,
        roles.map((r) => row(r, about.color)),
        5,
      ),
  };
}

/** A list with columns over time to its left. */
function withChart(sel: Selection, kind: Listed, unit: string, make: (B: Bins) => TimeSeries[]): Panel {
  const panel = list(sel, kind);
  if (!panel.table) return { ...panel, span: 'c12' };
  const B = cellBins(sel, 72);
  const series = make(B);
  const roles = byRole(who(sel.range, kind, sel));
  return {
    ...panel,
    span: 'c12',
    unit: per(unit, B),
    unitNear: true,
    also: [B.at, series],
    unitRight: series.length > 1 ? () => legendOf(series) : undefined,
    chart: (el) => timeChart(el, { B, kind: 'column', groups: [{ name: '', series }] }),
    layout: (body, chart) => {
      chart.classList.add('low');
      body.append(
        h(
          'div',
          { class: 'split half' },
          chart,
          ranked(
            COLS,
            roles.map((r) => row(r, ABOUT[kind].color)),
            6,
          ),
        ),
      );
    },
  };
}

const denied = (sel: Selection): Panel =>
  withChart(sel, 'denied', 'Denied requests', (B) => {
    const all = sums(sel, 'denied', B).bins;
    const anonymous = sums(sel, 'deniedAnonymous', B).bins;
    return [
      { name: 'Anonymous', color: css('--denied'), data: anonymous },
      { name: 'Signed', color: css('--c4xx'), data: all.map((v, i) => v - anonymous[i]) },
    ];
  });

const deleted = (sel: Selection): Panel =>
  withChart(sel, 'deleted', 'Deleted objects', (B) => [
    { name: 'Deleted', color: css('--delete-1'), data: sums(sel, 'deleted', B).bins },
  ]);
