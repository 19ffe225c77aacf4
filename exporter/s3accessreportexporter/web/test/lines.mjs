// Reports against a count over the lines that they are made of, which shares no code with what makes them: tables and
// what the charts drew. The ranges take turns on Overview.
//   node test/lines.mjs REPORT.html=DIRECTORY ...     the lines are in the directory's files
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { executable, open, visit } from './browser.mjs';
import { pairs, sum, table, totals } from './figures.mjs';
import { places, threatPanels, topWho, whoDidWhat } from './who.mjs';

const HOUR = 3_600_000;
const LENGTHS = { '3h': 3 * HOUR, '24h': 24 * HOUR, '7d': 168 * HOUR };
const SLICES = { '3h': HOUR, '24h': HOUR, '7d': 24 * HOUR, 'all': 0 };
const MONTHS = 'JanFebMarAprMayJunJulAugSepOctNovDec';
const LINE =
  /^\S+ (\S+) \[(\d\d)\/(\w{3})\/(\d{4}):(\S+) \+0000\] (\S+) (\S+) \S+ (\S+) (\S+) "[^"]*" (\S+) (\S+) (\S+) (\S+) (\S+) (\S+) "[^"]*" "([^"]*)" \S+ \S+ (\S+) \S+ (\S+) \S+ (\S+) \S+ (\S+) \S+$/;
const ADDS = /^REST\.(PUT\.(OBJECT|PART)|POST\.OBJECT|COPY\.(OBJECT|PART))$/;
const DELETES = /^(REST\.DELETE\.OBJECT|BATCH\.DELETE\.OBJECT|S3\.EXPIRE\.OBJECT|S3\.CREATE\.DELETEMARKER)$/;
const FEED = new Set(['203.0.113.66', '192.0.2.116', '203.0.113.101']);

const number = (text) => (text === '-' ? 0 : Number(text));

function parse(line) {
  const m = LINE.exec(line);
  if (!m) return null;
  const [, bucket, day, month, year, clock, client, who, op, key, status, , sent, size, total] = m;
  const [agent, signature, auth, tls, acl] = m.slice(16);
  const web = op.startsWith('WEBSITE.');
  const code = number(status);
  return {
    t: Date.UTC(year, MONTHS.indexOf(month) / 3, day, ...clock.split(':')),
    bucket,
    op,
    client,
    agent,
    key: decodeURIComponent(decodeURIComponent(key)),
    who,
    code,
    sent: number(sent),
    added: ADDS.test(op) && code >= 200 && code < 300 ? number(size) : 0,
    took: total === '-' ? null : number(total),
    is: {
      'Denied': code === 403,
      'Anonymous': who === '-' && !web,
      'Deletions': DELETES.test(op) && code < 400,
      'Copies': op === 'REST.COPY.OBJECT' && code < 400,
      'Presigned URLs': auth === 'QueryString',
      'TLS below 1.2': tls === 'TLSv1.1',
      'Plain HTTP': tls === '-' && !web,
      'Signature Version 2': signature === 'SigV2',
      'ACL-dependent': acl === 'Yes',
      'Website endpoints': web,
    },
  };
}

function linesOf(directory) {
  const lines = new Set();
  for (const file of readdirSync(directory)) {
    for (const line of readFileSync(join(directory, file), 'utf8').split('\n')) if (line) lines.add(line);
  }
  return [...lines];
}

function dataOf(file) {
  const block = /<script type="text\/plain" id="data"[^>]*>([^<]*)</.exec(readFileSync(file, 'utf8'))[1];
  return JSON.parse(gunzipSync(Buffer.from(block, 'base64')).toString());
}

let checks = 0;
let failures = 0;
function check(got, want, what) {
  checks++;
  if (isDeepStrictEqual(got, want)) return;
  failures++;
  const clip = (v) => JSON.stringify(v)?.slice(0, 600);
  console.log(`FAIL ${what}\n  got  ${clip(got)}\n  want ${clip(want)}`);
}

/** Sums of the series that a panel's charts drew, without zeros. */
const drawnSums = (page, id) =>
  page.evaluate((panel) => {
    const value = (p) => (Array.isArray(p) ? p[1] : (p?.value?.[1] ?? p?.value ?? p)) ?? 0;
    const all = [...document.querySelectorAll(`#${panel} .chart`)].flatMap((el) => el.chart.getOption().series);
    const bars = all.filter((s) => s.type !== 'scatter');
    return bars.map((s) => s.data.reduce((a, p) => a + Number(value(p)), 0)).filter(Boolean);
  }, id);
const ascending = (list) => list.filter(Boolean).sort((a, z) => a - z);

const by = (rows, key, f = () => 1) => totals(rows, (r) => r[key], f);
const column = (t, i, k) =>
  totals(
    t,
    (r) => r[i],
    (r) => r[k],
  );
const columns = (t) => ascending((t[0] ?? []).slice(1).map((_, i) => sum(t, (r) => Number(r[i + 1]) || 0)));

async function overview(page, url, range, rows, what) {
  await visit(page, url, `p=overview&r=${range}`);
  const c4 = rows.filter((r) => r.code >= 400 && r.code < 500).length;
  const c5 = rows.filter((r) => r.code >= 500).length;
  const outcome = [rows.length - c4 - c5, c4, c5];
  check(ascending(await drawnSums(page, 'when')), ascending(outcome), `${what}: when, drawn`);
  check(sum(await drawnSums(page, 'requests-by-bucket'), (n) => n), rows.length, `${what}: bars, drawn`);
  check(sum(await drawnSums(page, 'operations'), (n) => n), rows.length, `${what}: pie, drawn`);
  const when = await table(page, 'when');
  check(
    [1, 2, 3].map((i) => sum(when, (r) => r[i])),
    outcome,
    `${what}: when`,
  );
  const tables = [
    ['requests-by-bucket', by(rows, 'bucket')],
    ['data-sent-by-bucket', by(rows, 'bucket', (r) => r.sent)],
    ['operations', by(rows, 'op')],
  ];
  for (const [id, want] of tables)
    check(pairs(column(await table(page, id), 0, 1)), pairs(want), `${what}: ${id}`);
}

async function details(page, url, rows, what) {
  await visit(page, url, 'p=details&r=all');
  const values = (f) => ascending([...by(rows, 'bucket', f).values()]);
  const c4 = values((r) => r.code >= 400 && r.code < 500);
  const c5 = values((r) => r.code >= 500);
  const panels = [
    ['total-requests', values(() => 1)],
    ['data-sent', values((r) => r.sent)],
    ['errors', ascending([...c4, ...c5])],
  ];
  for (const [id, want] of panels) {
    check(ascending(await drawnSums(page, id)), want, `${what}: ${id}, drawn`);
    check(columns(await table(page, id)), want, `${what}: ${id}`);
  }
  const added = by(rows, 'bucket', (r) => r.added);
  check(pairs(column(await table(page, 'data-added'), 0, 1)), pairs(added), `${what}: data-added`);
}

async function security(page, url, rows, what) {
  await visit(page, url, 'p=security&r=all');
  const got = await page.evaluate(() =>
    [...document.querySelectorAll('#figures .tile')].map((t) => [
      t.querySelector('.k').textContent,
      Number(t.querySelector('.v').firstChild.textContent.replaceAll(',', '')),
    ]),
  );
  const want = Object.keys(rows[0].is).map((kind) => [kind, rows.filter((r) => r.is[kind]).length]);
  check(pairs(new Map(got)), pairs(new Map(want)), `${what}: security`);
}

async function tops(page, url, rows, what) {
  await visit(page, url, 'p=top&r=all');
  const lists = { client: 'client', key: 'key', agent: 'agent' };
  for (const [list, key] of Object.entries(lists)) {
    const named = rows.filter((r) => r[key] !== '-' && r[key] !== '');
    check(pairs(column(await table(page, `top-${list}`), 0, 1)), pairs(by(named, key)), `${what}: top ${list}`);
  }
}

async function latency(page, url, rows, what) {
  await visit(page, url, 'p=latency&r=all');
  const got = await table(page, 'slow-buckets');
  const timed = rows.filter((r) => r.took !== null);
  check(pairs(column(got, 0, 6)), pairs(by(timed, 'bucket')), `${what}: latency, requests`);
  for (const row of got) {
    const took = ascending(timed.filter((r) => r.bucket === row[0]).map((r) => r.took));
    for (const [i, p] of [
      [1, 0.5],
      [2, 0.95],
      [3, 0.99],
    ]) {
      const exact = took[Math.ceil(p * took.length) - 1];
      // Within the sketch's 2 %, and shown with three digits.
      const most = 0.02 * exact + 0.5001 * 10 ** (Math.floor(Math.log10(exact)) - 2);
      check(Math.abs(row[i] - exact) <= most, true, `${what}: p${p * 100} of ${row[0]}: ${row[i]}, ${exact}`);
    }
  }
}

async function threats(page, url, rows, what) {
  await visit(page, url, 'p=threats&r=all');
  const known = rows.filter((r) => FEED.has(r.client));
  check(sum(await drawnSums(page, 'threats-over-time'), (n) => n), known.length, `${what}: threats, drawn`);
  const got = column(await table(page, 'threats-by-client'), 0, 2);
  check(pairs(got), pairs(by(known, 'client')), `${what}: threats by client`);
  await threatPanels({ page, check, drawnSums }, url, known, what);
}

async function compare(page, report, directory, turn) {
  const url = `file://${resolve(report)}`;
  const lines = linesOf(directory);
  const rows = lines.map(parse).filter(Boolean);
  const data = dataOf(report);
  check([data.records, data.quality.malformed], [rows.length, lines.length - rows.length], `${directory}: records`);
  check(data.newest, Math.max(...rows.map((r) => r.t)), `${directory}: newest`);
  for (const { id, from } of data.ranges) {
    const length = LENGTHS[id];
    if (length) check(Math.abs(data.end - length - from) <= HOUR, true, `${directory}: ${id} begins`);
  }
  const { id, from, since } = data.ranges[turn % data.ranges.length];
  await overview(page, url, id, rows.filter((r) => r.t >= from), `${directory} ${id}`);
  // Lists are made of slices: the heading says from when.
  check(since <= from && from - since <= SLICES[id], true, `${directory} ${id}: lists begin`);
  await places({ page, check }, url, id, rows.filter((r) => r.t >= since), `${directory} ${id}`);
  await whoDidWhat({ page, check, drawnSums }, url, rows, directory);
  await topWho({ page, check }, url, rows, directory);
  for (const of of [details, security, tops, latency, threats]) await of(page, url, rows, directory);
}

if (!executable) {
  console.log('skipped: no Chromium');
  process.exit(0);
}
const { page, complaints, close } = await open();
for (const [turn, pair] of process.argv.slice(2).entries()) {
  const [report, directory] = pair.split('=');
  await compare(page, report, directory, turn);
}
check(complaints, [], 'nothing on the console, no request');
await close();
console.log(failures ? `${failures} of ${checks} checks failed` : `all ${checks} checks passed`);
process.exit(failures ? 1 : 0);
