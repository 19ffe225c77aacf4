// Where clients are and who did what: tables, and what the charts drew, against a count over the lines.
import { visit } from './browser.mjs';
import { pairs, sum, table, totals } from './figures.mjs';

// As testdata/geo/sample.mmdb and testdata/feeds/sample.json have the clients of the lines: country, city,
// longitude, latitude.
const PLACES = {
  '203.0.113.66': ['South Korea', 'Seoul', 126.98, 37.57],
  '203.0.113.101': ['Mexico', 'Mexico City', -99.13, 19.43],
  '203.0.113.9': ['Russia', 'Moscow', 37.62, 55.76],
  '192.0.2.116': ['Brazil', 'São Paulo', -46.63, -23.55],
  '192.0.2.10': ['Germany', 'Berlin', 13.4, 52.52],
  '198.51.100.7': ['United States', 'Columbus', -83, 39.96],
  '2001:db8::7': ['Switzerland', 'Zurich', 8.54, 47.38],
};
const ACTORS = { '203.0.113.66': 'INVENTED HERON', '192.0.2.116': 'INVENTED HERON' };
const NETWORKS = {
  '203.0.113.66': '203.0.113.0/24',
  '203.0.113.9': '203.0.113.0/24',
  '192.0.2.116': '192.0.2.0/24',
  '192.0.2.10': '192.0.2.0/24',
  '198.51.100.7': '198.51.100.0/24',
  '2001:db8::7': '2001:db8::/48',
  '10.1.2.3': '10.1.2.0/24',
};

const KINDS = {
  'Denied': 'denied',
  'Anonymous': 'anonymous',
  'Deletions': 'deleted',
  'Copies': 'copied',
  'Presigned URLs': 'presigned',
  'TLS below 1.2': 'tls',
  'Plain HTTP': 'http',
  'Signature Version 2': 'sigv2',
  'ACL-dependent': 'acl',
  'Website endpoints': 'website',
};
/** What one requester did is one thing here, so that the lists hold all of it. */
const WHOLE = ['Denied', 'Deletions', 'Copies', 'TLS below 1.2', 'Website endpoints'];
const CHARTS = ['Denied', 'Deletions'];

const what = (kind, r) => ({ 'Denied': 'AccessDenied', 'TLS below 1.2': '1.1' })[kind] ?? r.op;
const name = (r) => (r.who === '-' ? 'Anonymous' : r.who);
const count = (rows, key) => pairs(totals(rows, key, () => 1));
const listed = (rows, key, figure) => pairs(totals(rows, key, (r) => r[figure]));

/** Requests by longitude and latitude, as the map drew them. */
const dots = (page, id) =>
  page.evaluate((panel) => {
    const [series] = document.querySelector(`#${panel} .chart`).chart.getOption().series;
    return series.data.map(({ value: [lon, lat, n] }) => [[lon.toFixed(1), lat.toFixed(1)].join(), n]);
  }, id);
const spot = (r) =>
  PLACES[r.client]
    .slice(2)
    .map((x) => x.toFixed(1))
    .join();

export async function places({ page, check }, url, range, rows, what) {
  await visit(page, url, `p=overview&r=${range}`);
  const known = rows.filter((r) => PLACES[r.client]);
  const want = count(known, (r) => [...PLACES[r.client].slice(0, 2), r.bucket].join());
  const got = await table(page, 'geolocation');
  check(listed(got, (r) => r.slice(0, 3).join(), 3), want, `${what}: geolocation`);
  await page.locator('#geolocation .tools button', { hasText: 'Table' }).evaluate((el) => el.click());
  check(pairs(new Map(await dots(page, 'geolocation'))), count(known, spot), `${what}: geolocation, drawn`);
  const lands = await page.evaluate(() =>
    [...document.querySelectorAll('#geolocation .split tbody tr')].map((tr) => [
      tr.querySelector('.cut').textContent,
      Number(tr.cells[1].textContent.replaceAll(',', '')),
    ]),
  );
  check(pairs(new Map(lands)), count(known, (r) => PLACES[r.client][0]), `${what}: countries, drawn`);
}

/** Lists of who in the range of all the data. */
export async function whoDidWhat({ page, check, drawnSums }, url, rows, what) {
  await visit(page, url, 'p=security&r=all');
  for (const kind of CHARTS) {
    const n = rows.filter((r) => r.is[kind]).length;
    check(sum(await drawnSums(page, `who-${KINDS[kind]}`), (v) => v), n, `${what}: ${kind}, drawn`);
  }
  for (const [kind, id] of Object.entries(KINDS)) {
    const mine = rows.filter((r) => r.is[kind]);
    if (mine.length) list(kind, mine, await table(page, `who-${id}`), check, `${what}: who-${id}`);
  }
}

function list(kind, mine, got, check, what_) {
  const from = (r) => (r.who === '-' ? NETWORKS[r.client] : '');
  const key = (r) => [name(r), from(r), r.bucket].join();
  const keyOf = (t) => [t[0], t[0] === 'Anonymous' ? t[1] : '', t[3]].join();
  if (WHOLE.includes(kind)) {
    check(listed(got, keyOf, 4), count(mine, key), `${what_}: requests`);
    check(sum(got, (t) => t[5]), 0, `${what_}: nothing too high`);
  }
  const rows = grouped(mine, key);
  for (const t of got) {
    const did = new Set(t[2].split(' '));
    const of = (rows.get(keyOf(t)) ?? []).filter((r) => did.has(what(kind, r)));
    const label = `${what_}: ${keyOf(t)}`;
    check(t[4] - t[5] <= of.length && of.length <= t[4], true, `${label}: ${t[4]}, ${t[5]} too high, ${of.length}`);
    const last = Math.max(...of.map((r) => r.t));
    if (t[5]) {
      check(Number(t[6]) <= last, true, `${label}: last, of a row that was not always listed`);
      continue;
    }
    check(Number(t[6]), last, `${label}: last`);
    const at = new Set(of.filter((r) => r.t === last).map((r) => from(r) || r.client));
    check(at.has(t[1]), true, `${label}: from ${t[1]}, ${[...at]}`);
  }
}

function grouped(rows, key) {
  const out = new Map();
  for (const r of rows) out.set(key(r), [...(out.get(key(r)) ?? []), r]);
  return out;
}

/** Requesters and prefixes of Top. */
export async function topWho({ page, check }, url, rows, what) {
  await visit(page, url, 'p=top&r=all');
  const role = (r) => name(r).replace(/(assumed-role\/\w+)\/.*/, '$1'); // its sessions are one
  check(listed(await table(page, 'top-requester'), (t) => t[0], 1), count(rows, role), `${what}: top requester`);
  const folders = (key) => key.split('/').slice(0, -1).slice(0, 2);
  const prefix = (r) => folders(r.key).map((f) => `${f}/`).join('') || '(top level)';
  check(listed(await table(page, 'top-prefix'), (t) => t[0], 1), count(rows, prefix), `${what}: top prefix`);
}

/** Panels of Threat Intel; known are the requests of clients that the feed names. */
export async function threatPanels({ page, check, drawnSums }, url, known, what) {
  await visit(page, url, 'p=threats&r=all');
  for (const id of ['threats-by-confidence', 'threats-by-client', 'threats-by-actor'])
    check(sum(await drawnSums(page, id), (v) => v), known.length, `${what}: ${id}, drawn`);
  check(pairs(new Map(await dots(page, 'threats-by-place'))), count(known, spot), `${what}: places, drawn`);
  const actor = (r) => ACTORS[r.client];
  const answered = known.filter((r) => r.code < 400);
  check(listed(await table(page, 'threats-by-actor'), (t) => t[0], 2), count(known, actor), `${what}: by actor`);
  check(listed(await table(page, 'threats-by-actor'), (t) => t[0], 3), count(answered, actor), `${what}: answered`);
  const conf = await table(page, 'threats-by-confidence');
  check(listed(conf, (t) => t[0], 1), [['High', known.length]], `${what}: by confidence`);
  const place = (r) => PLACES[r.client].slice(0, 2).join();
  const got = await table(page, 'threats-by-place');
  check(listed(got, (t) => t.slice(0, 2).join(), 2), count(known, place), `${what}: threats by place`);
  const clients = await table(page, 'threat-table');
  check(listed(clients, (t) => t[0], 10), count(known, (r) => r.client), `${what}: threat table`);
  check(listed(clients, (t) => t[0], 11), count(answered, (r) => r.client), `${what}: threat table, answered`);
  for (const t of clients) {
    const times = known.filter((r) => r.client === t[0]).map((r) => r.t);
    check([Number(t[8]), Number(t[9])], [Math.min(...times), Math.max(...times)], `${what}: ${t[0]}, first and last`);
    const buckets = new Set(known.filter((r) => r.client === t[0]).map((r) => r.bucket));
    check(t[6].split(' ').sort(), [...buckets].sort(), `${what}: ${t[0]}, buckets`);
  }
}
