// Cells wider than the window's ends: a window counts from the begin of the cell that holds its from, and says so.
import { visit } from './browser.mjs';
import { pairs, rows, sum, table, totals } from './figures.mjs';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Rows in wider cells. */
function widen(list, start, width) {
  const at = new Map();
  for (const r of list) {
    const row = { ...r, t: Math.floor(r.t / width(r.t)) * width(r.t) };
    const key = [row.t, r.b, r.o, r.k, r.client].join();
    const had = at.get(key);
    if (!had) at.set(key, row);
    else for (const f of ['n', 'c4', 'c5', 'out', 'in', 'ms', 'timed', 'ok']) if (f in had) had[f] += r[f];
  }
  const out = [...at.values()].sort((a, z) => a.t - z.t || a.b - z.b || (a.o ?? 0) - (z.o ?? 0));
  const columns = Object.keys(list[0]).filter((n) => n !== 't');
  const table = Object.fromEntries(columns.map((n) => [n, out.map((r) => r[n])]));
  return { ...table, dt: out.map((r, i) => (r.t - (i ? out[i - 1].t : start)) / MINUTE) };
}

/** The sample at a small budget: days, and hours of the newest. All begins inside a day. */
export function coarse(data) {
  const copy = structuredClone(data);
  const today = Math.floor(data.end / DAY) * DAY;
  copy.tiers = [
    { from: data.start, width: 1440 },
    { from: today, width: 60 },
  ];
  const width = (t) => (t < today ? DAY : HOUR);
  for (const name of ['cells', 'security', 'threats'])
    Object.assign(copy[name], widen(rows(data[name], data.start, MINUTE), data.start, width));
  const all = copy.ranges.at(-1);
  all.since = data.start - 3 * DAY; // a slice is wider than what there is
  all.from = data.start + 15 * HOUR + 13 * MINUTE;
  return copy;
}

const tile = (page, i) =>
  page.evaluate((k) => {
    const text = document.querySelectorAll('#figures .tile .v')[k].firstChild.textContent;
    return Number(text.replaceAll(',', ''));
  }, i);

export async function widths({ page, check }, url, data) {
  const cells = rows(data.cells, data.start, MINUTE);
  const hours = rows(data.hours, data.start, HOUR);
  const security = rows(data.security, data.start, MINUTE);
  const threats = rows(data.threats, data.start, MINUTE);
  const n = (list, from, to = data.end) => sum(list.filter((r) => r.t >= from && r.t < to), (r) => r.n);
  const text = (selector) => page.locator(selector).textContent();
  const today = data.tiers[1].from;
  const yesterday = today - DAY;

  // A link from 09:30 to 11:30 over hours counts 09:00 to 12:00, and says so.
  const zoom = `from=${new Date(today + 9.5 * HOUR).toISOString()}&to=${new Date(today + 11.5 * HOUR).toISOString()}`;
  await visit(page, url, `p=overview&${zoom}&z=utc`);
  const link = n(hours, today + 9 * HOUR, today + 12 * HOUR);
  check(await tile(page, 0), link, 'over hours, 09:30 to 11:30: tile');
  check(sum(await table(page, 'operations'), (r) => r[1]), link, 'over hours, 09:30 to 11:30: operations');
  check((await text('#shown')).includes('09:00 to 12:00'), true, 'over hours, 09:30 to 11:30: words');

  // The last 3 h begin inside an hour.
  const three = Math.floor((data.end - 3 * HOUR) / HOUR) * HOUR;
  await visit(page, url, 'p=overview&r=3h');
  check(await tile(page, 0), n(hours, three), '3 h over hours: tile');
  check(sum(await table(page, 'operations'), (r) => r[1]), n(cells, three), '3 h over hours: operations');

  // 24 h begin inside a day: what is in days only counts from its begin.
  const badge = 'counted 16 Nov, 00:00 to 17 Nov, 15:43';
  await visit(page, url, 'p=overview&r=24h&z=utc');
  check(await tile(page, 0), n(hours, data.ranges[1].from), '24 h over a day: tile');
  check(sum(await table(page, 'operations'), (r) => r[1]), n(cells, yesterday), '24 h over a day: operations');
  check((await text('#operations .scope')).includes(badge), true, '24 h over a day: operations say so');
  const op = data.ops[0];
  await visit(page, url, `p=overview&r=24h&z=utc&o=${encodeURIComponent(op)}`);
  check(
    await tile(page, 0),
    n(cells.filter((r) => data.ops[r.o] === op), yesterday),
    '24 h over a day: one operation',
  );
  check((await text('#when .scope')).includes(badge), true, '24 h over a day: one operation says so');
  await visit(page, url, 'p=security&r=24h&z=utc');
  const denied = n(security.filter((r) => r.k === 1), yesterday);
  check(await tile(page, 0), denied, '24 h over a day: denied');
  const when = await page.evaluate(() => {
    const series = document.querySelector('#who-denied .chart').chart.getOption().series;
    return series.flatMap((s) => s.data).reduce((a, p) => a + (p.value?.[1] ?? p[1]), 0);
  });
  check(when, denied, '24 h over a day: denied, drawn');
  check((await text('#shown')).includes(badge.replace('counted', 'counted by the day,')), true, 'security: says so');
  const from = 'shares of all from 16 Nov, 00:00';
  check((await text('#who-denied .scope')).includes(from), true, `24 h over a day: the list says ${from}`);
  await visit(page, url, 'p=threats&r=24h&z=utc');
  const clients = totals(
    threats.filter((r) => r.t >= yesterday),
    (r) => data.dict[r.client],
    (r) => r.n,
  );
  const got = (await table(page, 'threats-by-client')).map((r) => [r[0], r[2]]);
  check(pairs(new Map(got)), pairs(clients), '24 h over a day: threats');
  check((await text('#threats-by-client .scope')).includes(badge), true, '24 h over a day: threats say so');

  // All begins inside a day: it is all.
  await visit(page, url, 'p=overview&r=all');
  check(await tile(page, 0), data.records, 'all: tile');
  check(sum(await table(page, 'operations'), (r) => r[1]), data.records, 'all: operations');
  check(await page.locator('#operations .scope').count(), 0, 'all: operations leave nothing out');
  await visit(page, url, 'p=security&r=all');
  check(await page.locator('#who-denied .scope').count(), 0, 'all: lists leave nothing out');
  check(await tile(page, 0), n(security.filter((r) => r.k === 1), 0), 'all: denied');
  await visit(page, url, 'p=threats&r=all');
  check(await tile(page, 0), n(threats, 0), 'all: threats');
}
