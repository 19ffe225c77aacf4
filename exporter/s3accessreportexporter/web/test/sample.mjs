// Sample data as the exporter would write it, counted in full: a reference, not the exporter.
//   node test/sample.mjs OUT.json [SEED]
import { writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { BUCKETS, DAY, FEED, HOUR, MINUTE, NEWEST, PLACES, START, traffic } from './traffic.mjs';

const END = Math.ceil((NEWEST + 1) / MINUTE) * MINUTE;
const TIERS = [
  { from: START, width: 1440 },
  { from: Math.floor((END - 7 * DAY) / DAY) * DAY, width: 60 },
  { from: Math.floor((END - 6 * HOUR) / HOUR) * HOUR, width: 1 },
];
export const KINDS = [
  'anonymous',
  'denied',
  'tls',
  'http',
  'sigv2',
  'acl',
  'presigned',
  'deleted',
  'copied',
  'website',
  'deniedAnonymous',
];
const ACCURACY = 0.01;
const GAMMA = (1 + ACCURACY) / (1 - ACCURACY);
const bin = (v) => Math.floor(Math.log(v) / Math.log(GAMMA));

class Sums {
  #map = new Map();
  /** Adds figures to the row of a key, made of its columns. */
  add(columns, figures, last = {}) {
    const key = Object.values(columns).join('|');
    let row = this.#map.get(key);
    if (!row) this.#map.set(key, (row = { ...columns }));
    for (const [name, v] of Object.entries(figures)) row[name] = (row[name] ?? 0) + v;
    for (const [name, v] of Object.entries(last)) if (v >= (row[name] ?? 0)) row[name] = v;
    return row;
  }
  rows() {
    return [...this.#map.values()];
  }
}

/** Column-wise: the arrays of rows by name. */
const columns = (rows, names) => Object.fromEntries(names.map((n) => [n, rows.map((r) => r[n] ?? 0)]));

/** Rows by time with column `t` as differences of units from START. */
function timed(rows, names, unit) {
  rows.sort((a, z) => a.t - z.t || a.b - z.b || (a.o ?? 0) - (z.o ?? 0));
  let at = 0;
  const dt = rows.map((r) => {
    const v = (r.t - START) / unit;
    const d = v - at;
    at = v;
    return d;
  });
  return { dt, ...columns(rows, names) };
}

export function sample(seed = 20261117, extra = () => {}) {
  const dict = [];
  const words = new Map();
  const word = (text) => {
    if (!words.has(text)) words.set(text, dict.push(text) - 1);
    return words.get(text);
  };
  const buckets = [...BUCKETS];
  const ops = [];
  const placeNames = Object.keys(PLACES);
  const [cells, hours, security, threats] = [new Sums(), new Sums(), new Sums(), new Sums()];
  const hourOfEnd = Math.floor((END - 1) / HOUR) * HOUR;
  const ranges = [
    ['3h', END - 3 * HOUR],
    ['24h', hourOfEnd - 23 * HOUR],
    ['7d', hourOfEnd - 167 * HOUR],
    ['all', START],
  ].map(([id, from]) => ({
    id,
    from,
    since: id === '3h' ? Math.floor(from / HOUR) * HOUR : id === '7d' ? Math.floor(from / DAY) * DAY : from,
    sketches: new Map(),
    errors: new Sums(),
    geo: new Sums(),
    who: new Sums(),
    top: Object.fromEntries(['requester', 'client', 'key', 'prefix', 'agent'].map((l) => [l, new Sums()])),
  }));
  let records = 0;
  let oldest = Infinity;

  const count = (t, b, q) => {
    records++;
    oldest = Math.min(oldest, t);
    let o = ops.indexOf(q.o);
    if (o < 0) o = ops.push(q.o) - 1;
    const status = q.status ?? 200;
    const ms = Math.max(1, Math.round(q.ms));
    const first = Math.max(1, Math.min(ms, Math.round(q.first ?? ms * 0.85)));
    const figures = {
      n: 1,
      c4: +(status >= 400 && status < 500),
      c5: +(status >= 500),
      out: q.out ?? 0,
      in: q.in ?? 0,
      ms,
      timed: 1,
    };
    const width = TIERS.findLast((x) => t >= x.from).width * MINUTE;
    const cell = Math.floor(t / width) * width;
    cells.add({ t: cell, b, o }, figures);
    hours.add({ t: Math.floor(t / HOUR) * HOUR, b }, figures);
    const kinds = kindsOf(q, status);
    for (const k of kinds) security.add({ t: cell, b, k }, { n: 1 });
    const place = placeNames.indexOf(q.place);
    const bad = FEED[q.ip];
    if (bad) {
      const row = threats.add(
        {
          t: cell,
          b,
          o,
          client: word(q.ip),
          actor: word(bad.actor),
          type: word(bad.type),
          feed: word(bad.feed),
          conf: bad.conf,
          place,
        },
        { n: 1, ok: +(status < 400) },
        { last: t },
      );
      row.first = Math.min(row.first ?? t, t);
    }
    for (const range of ranges)
      if (t >= range.since) countInto(range, t, b, o, q, { status, ms, first, kinds, place });
  };

  const countInto = (x, t, b, o, q, { status, ms, first, kinds, place }) => {
    const key = b * 1000 + o;
    if (!x.sketches.has(key)) x.sketches.set(key, { b, o, max: 0, total: new Map(), first: new Map() });
    const s = x.sketches.get(key);
    s.max = Math.max(s.max, ms);
    s.total.set(bin(ms), (s.total.get(bin(ms)) ?? 0) + 1);
    s.first.set(bin(first), (s.first.get(bin(first)) ?? 0) + 1);
    if (status >= 400) x.errors.add({ b, o, status, code: word(q.code ?? '') }, { n: 1 });
    if (place >= 0) x.geo.add({ b, p: place }, { n: 1 });
    const bytes = (q.out ?? 0) + (q.in ?? 0);
    const list = (name, text) => x.top[name].add({ b, w: word(text) }, { n: 1, bytes });
    list('requester', q.who);
    list('client', q.ip);
    list('agent', q.agent);
    if (q.key) {
      list('key', q.key);
      list('prefix', prefix(q.key));
    }
    for (const k of kinds.filter((k) => KINDS[k] !== 'deniedAnonymous')) {
      const what = KINDS[k] === 'denied' ? q.code : KINDS[k] === 'tls' ? q.tls : q.o;
      const row = x.who.add(
        { k, b, w: word(q.who), net: q.who ? '' : network(q.ip), what: word(what ?? '') },
        { n: 1 },
        { last: t },
      );
      row.via = word(q.who ? q.ip : network(q.ip));
    }
  };

  traffic(seed, count);
  extra(count, buckets);

  const CELL = ['n', 'c4', 'c5', 'out', 'in', 'ms', 'timed'];
  const distinct = (rows) => ({
    all: new Set(rows.map((r) => r.w)).size,
    bucket: buckets.map((_, b) => rows.filter((r) => r.b === b).length),
  });
  const topRows = (sums, by) => {
    const rows = sums.rows().sort((a, z) => a.b - z.b || z[by] - a[by]);
    const seen = {};
    const kept = rows.filter((r) => (seen[r.b] = (seen[r.b] ?? 0) + 1) <= 100);
    return columns(
      kept.map((r) => ({ ...r, err: 0 })),
      ['b', 'w', 'n', 'bytes', 'err'],
    );
  };
  const whoRows = (sums) => {
    const rows = sums.rows().sort((a, z) => z.n - a.n);
    return columns(rows.slice(0, 2000), ['k', 'b', 'w', 'via', 'what', 'n', 'err', 'last']);
  };
  return {
    format: 1,
    title: 'S3 access',
    written: NEWEST + 114_000,
    start: START,
    oldest,
    newest: NEWEST,
    end: END,
    records,
    buckets,
    ops,
    otherBucket: -1,
    otherOp: -1,
    tiers: TIERS,
    cells: timed(cells.rows(), ['b', 'o', ...CELL], MINUTE),
    hours: timed(hours.rows(), ['b', ...CELL], HOUR),
    security: timed(security.rows(), ['b', 'k', 'n'], MINUTE),
    ranges: ranges.map((x) => ({
      id: x.id,
      from: x.from,
      since: x.since,
      sketches: sketchRows([...x.sketches.values()]),
      errors: columns(x.errors.rows(), ['b', 'o', 'status', 'code', 'n']),
      geo: columns(x.geo.rows(), ['b', 'p', 'n']),
      top: Object.fromEntries(
        Object.entries(x.top).map(([l, s]) => [l, { n: topRows(s, 'n'), bytes: topRows(s, 'bytes') }]),
      ),
      distinct: Object.fromEntries(['requester', 'client', 'key'].map((l) => [l, distinct(x.top[l].rows())])),
      who: whoRows(x.who),
      findings: findings(x.id),
    })),
    places: {
      country: placeNames.map((p) => PLACES[p][0]),
      city: placeNames.map((p) => PLACES[p][1]),
      lat: placeNames.map((p) => PLACES[p][2]),
      lon: placeNames.map((p) => PLACES[p][3]),
    },
    threats: {
      ...timed(
        threats.rows(),
        ['b', 'o', 'client', 'actor', 'type', 'feed', 'conf', 'place', 'n', 'ok', 'first', 'last'],
        MINUTE,
      ),
      feeds: [...new Set(Object.values(FEED).map((f) => f.feed))].sort(),
    },
    quality: {
      malformed: 3,
      repeated: 1207,
      noUid: 0,
      ignored: 0,
      future: 2,
      old: 0,
      cut: 0,
      otherBuckets: 0,
      otherOps: 0,
      reasons: [
        {
          reason: 'the line ends inside a quoted field',
          n: 2,
          last: NEWEST - 3 * DAY,
          bucket: 'example-backup-vault',
          example:
            '79a59df900b949e5 example-backup-vault [14/Nov/2026:03:12:44 +0000] 192.0.2.21 arn:aws:sts::1111',
        },
        {
          reason: 'not an access log record',
          n: 1,
          last: NEWEST - DAY,
          bucket: 'example-partner-exchange',
          example: '{"Records":[{"eventVersion":"1.11"\u202e',
        },
      ],
      unexpected: [{ field: 'TLS version', value: 'TLSv1.4', n: 2, last: NEWEST - 5 * HOUR }],
    },
    bounds: {
      retention: 30 * DAY,
      cells: { budget: 250_000, used: cells.rows().length, coarsened: false },
      uids: 1_000_000,
      sketch: { gamma: GAMMA, offset: 0, accuracy: ACCURACY, pairs: 1000, otherPairs: 0 },
      distinct: { error: 0.016 },
      top: { entries: 100, buckets: 50, otherBuckets: 0 },
      who: 100,
      threats: 5000,
      places: 500,
      errors: 500,
      reasons: 20,
    },
    attributes: {},
    dict,
  };
}

function kindsOf(q, status) {
  const is = {
    anonymous: !q.who && !q.website,
    denied: status === 403,
    tls: q.tls === '1.0' || q.tls === '1.1',
    http: q.tls === '' && !q.website,
    sigv2: q.sigv2,
    acl: q.acl,
    presigned: q.presigned,
    deleted: q.deleted && status < 400,
    copied: q.copied && status < 400,
    website: q.website,
    deniedAnonymous: status === 403 && !q.who,
  };
  return KINDS.map((k, i) => (is[k] ? i : -1)).filter((i) => i >= 0);
}

const network = (ip) =>
  ip.includes(':') ? `${ip.split(':').slice(0, 3).join(':')}::/48` : ip.replace(/\d+$/, '0/24');

function prefix(key) {
  const folders = key.split('/').slice(0, -1).slice(0, 2);
  return folders.length ? `${folders.join('/')}/` : '';
}

const sparse = (map) =>
  [...map].sort((a, z) => a[0] - z[0]).flatMap(([i, n], k, all) => [k ? i - all[k - 1][0] : i, n]);

const sketchRows = (list) => ({
  ...columns(list, ['b', 'o', 'max', 'zero', 'zeroFirst']),
  total: list.map((s) => sparse(s.total)),
  first: list.map((s) => sparse(s.first)),
});

function findings(id) {
  const from = Date.UTC(2026, 10, 17, 13, 55);
  const to = from + 20 * MINUTE;
  const incident = {
    kind: 'errors',
    title: ['503 SlowDown from example-data-lake'],
    text: ['Most requests failed, ', [from, to], '.'],
    link: 'Look at it',
    page: 'details',
    from,
    to,
    b: 0,
  };
  const denied = {
    kind: 'denied',
    title: ['Anonymous reads of example-backup-vault from 203.0.113.0/24'],
    text: ['All were denied. Last at ', to + HOUR, '.'],
    link: 'Who was denied?',
    page: 'security',
  };
  return id === 'all' ? [] : [incident, denied];
}

const ATTRIBUTES = [
  'aws.s3.operation',
  'http.response.status_code',
  'http.response.body.size',
  'aws.s3.object.size',
  'aws.s3.total_time',
  'aws.s3.turn_around_time',
  'aws.s3.key',
  'user.id',
  'client.address',
  'user_agent.original',
  'tls.protocol.version',
  'aws.signature.version',
  'aws.s3.auth_type',
  'aws.s3.acl_required',
  'geo.country.iso_code',
  'threat.indicator.ip',
  'log.record.uid',
];

/** The same with its attributes written out. */
export function finished(data) {
  return { ...data, attributes: Object.fromEntries(ATTRIBUTES.map((a) => [a, data.records])) };
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const data = finished(sample(Number(process.argv[3]) || undefined));
  writeFileSync(process.argv[2], JSON.stringify(data));
  console.log(data.records, 'records,', data.cells.n.length, 'cells,', data.dict.length, 'words');
}
