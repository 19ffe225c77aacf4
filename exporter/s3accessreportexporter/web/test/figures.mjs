// The figures of each panel, read from its table, against sums that share no code with the page.
import { visit } from './browser.mjs';

const MINUTE = 60_000;
const RANGES = ['3h', '24h', '7d', 'all'];
const FILTERS = [null, 0]; // of buckets

/** Rows of a column-wise table with its times in ms. */
export function rows(table, start, unit) {
  let at = 0;
  const names = Object.keys(table).filter((n) => n !== 'dt' && Array.isArray(table[n]) && n !== 'feeds');
  return table.n.map((_, i) => {
    const row = Object.fromEntries(names.map((n) => [n, table[n][i]]));
    if (table.dt) row.t = start + (at += table.dt[i]) * unit;
    return row;
  });
}

export const sum = (list, f) => list.reduce((a, x) => a + f(x), 0);

export function totals(list, key, f) {
  const out = new Map();
  for (const x of list) out.set(key(x), (out.get(key(x)) ?? 0) + f(x));
  return out;
}

/** Sorted [name, figure] without zeros, for comparison. */
export const pairs = (map) =>
  [...map]
    .filter(([, v]) => v)
    .map(([k, v]) => [String(k), v])
    .sort((a, z) => (a[0] < z[0] ? -1 : 1));

/** Cells of a panel's table: text of the first column and raw values of the others. */
export async function table(page, id) {
  const button = page.locator(`#${id} .tools button`, { hasText: 'Table' });
  if ((await button.getAttribute('aria-pressed')) === 'false') await button.evaluate((el) => el.click());
  return page.evaluate(
    (panel) =>
      [...document.querySelectorAll(`#${panel} .body table tbody tr`)].map((tr) =>
        [...tr.cells].map((td) =>
          td.dataset.v !== '' && !Number.isNaN(Number(td.dataset.v)) && td.classList.contains('num')
            ? Number(td.dataset.v)
            : td.dataset.v,
        ),
      ),
    id,
  );
}

const column = (list, name, figure) =>
  totals(
    list,
    (r) => r[name],
    (r) => r[figure],
  );

export async function figures({ page, check }, url, data) {
  const cells = rows(data.cells, data.start, MINUTE);
  const hours = rows(data.hours, data.start, 60 * MINUTE);
  const security = rows(data.security, data.start, MINUTE);
  const threats = rows(data.threats, data.start, MINUTE);
  for (const range of data.ranges.filter((r) => RANGES.includes(r.id))) {
    for (const bucket of FILTERS) {
      const only = bucket === null ? '' : `&b=${encodeURIComponent(data.buckets[bucket])}`;
      const mine = (r) => bucket === null || r.b === bucket;
      const inRange = (r) => r.t >= range.from && r.t < data.end && mine(r);
      const want = {
        cells: cells.filter(inRange),
        security: security.filter(inRange),
        threats: threats.filter(inRange),
        hours: hours.filter(mine),
        mine,
        range,
        data,
      };
      const open = (name) => visit(page, url, `p=${name}&r=${range.id}${only}`);
      const what = (id) => `${id} ${range.id}${only}`;
      const expect = async (id, got, wanted) => check(got(await table(page, id)), wanted, what(id));
      await overview(open, expect, want);
      if (!want.cells.length) continue;
      await details(open, expect, want);
      await lists(open, expect, want, page);
      await threatIntel(open, expect, want);
    }
  }
  await visit(page, url, 'p=quality');
  const coverage = column(await table(page, 'coverage'), 0, 1);
  check(pairs(coverage), pairs(byBucket(data, hours, 'n')), 'coverage: requests of all hours');
}

const byBucket = (data, list, f) =>
  totals(
    list,
    (r) => nameOf(data.buckets, r.b, data.otherBucket),
    (r) => r[f],
  );
const byOp = (data, list) =>
  totals(
    list,
    (r) => nameOf(data.ops, r.o, data.otherOp),
    (r) => r.n,
  );
const nameOf = (names, i, other) => (i < 0 || i === other ? 'others' : names[i]);

async function overview(open, expect, { cells, range, mine, data }) {
  await open('overview');
  if (!cells.length) return;
  const answered = sum(cells, (r) => r.n - r.c4 - r.c5);
  const wanted = [answered, sum(cells, (r) => r.c4), sum(cells, (r) => r.c5)];
  await expect('when', (t) => [1, 2, 3].map((i) => sum(t, (r) => r[i])), wanted);
  await expect('requests-by-bucket', (t) => pairs(column(t, 0, 1)), pairs(byBucket(data, cells, 'n')));
  await expect('data-sent-by-bucket', (t) => pairs(column(t, 0, 1)), pairs(byBucket(data, cells, 'out')));
  await expect('operations', (t) => pairs(column(t, 0, 1)), pairs(byOp(data, cells)));
  const geo = rows(range.geo).filter(mine);
  if (geo.length)
    await expect(
      'geolocation',
      (t) => sum(t, (r) => r[3]),
      sum(geo, (r) => r.n),
    );
}

/** Sums of the columns of a table over time, the first column left out. */
const sums = (t) =>
  (t[0] ?? [])
    .slice(1)
    .map((_, i) => sum(t, (r) => Number(r[i + 1]) || 0))
    .filter(Boolean)
    .sort((a, z) => a - z);
const values = (map) => [...map.values()].filter(Boolean).sort((a, z) => a - z);

async function details(open, expect, { cells, data }) {
  await open('details');
  await expect('total-requests', sums, values(byBucket(data, cells, 'n')));
  await expect('data-sent', sums, values(byBucket(data, cells, 'out')));
  const failing = [...values(byBucket(data, cells, 'c4')), ...values(byBucket(data, cells, 'c5'))];
  await expect(
    'errors',
    sums,
    failing.sort((a, z) => a - z),
  );
  await expect('data-added', (t) => pairs(column(t, 0, 1)), pairs(byBucket(data, cells, 'in')));
}

async function lists(open, expect, { mine, range, data }, page) {
  await open('top');
  for (const [list, orders] of Object.entries(range.top)) {
    const listed = rows(orders.n).filter(mine);
    if (!listed.length) continue;
    await expect(
      `top-${list}`,
      (t) => sum(t, (r) => r[1]),
      sum(listed, (r) => r.n),
    );
  }
  await open('security');
  const kinds = [
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
  ];
  for (const [k, kind] of kinds.entries()) {
    const listed = rows(range.who).filter((r) => r.k === k && mine(r));
    if (!listed.length) continue;
    await expect(
      `who-${kind}`,
      (t) => sum(t, (r) => r[4]),
      sum(listed, (r) => r.n),
    );
  }
  await open('latency');
  if (!(await page.locator('#slow-buckets').count())) return;
  const { b, total, zero } = range.sketches;
  const counts = totals(
    b.map((_, i) => i).filter((i) => mine({ b: b[i] })),
    (i) => nameOf(data.buckets, b[i], data.otherBucket),
    (i) =>
      zero[i] +
      sum(total[i], () => 0) +
      sum(
        total[i].filter((_, k) => k % 2),
        (n) => n,
      ),
  );
  await expect('slow-buckets', (t) => pairs(column(t, 0, 6)), pairs(counts));
  for (const [column, p] of [
    [1, 0.5],
    [2, 0.95],
    [3, 0.99],
  ]) {
    const wanted = new Map(
      [...counts.keys()]
        .filter((name) => counts.get(name))
        .map((name) => {
          const mineToo = b.map((_, i) => i).filter((i) => mine({ b: b[i] }));
          const of = mineToo.filter((i) => nameOf(data.buckets, b[i], data.otherBucket) === name);
          return [name, quantile(of, range.sketches, data.bounds.sketch, p)];
        }),
    );
    const near = (t) => t.filter((r) => Math.abs(r[column] / wanted.get(r[0]) - 1) > 0.006).map((r) => r[0]);
    await expect('slow-buckets', near, []);
  }
  const all = sum([...counts.values()], (n) => n);
  await expect('spread', (t) => sum(t, (r) => r[2]), all);
}

/** Total time that a part p of the requests of some sketches does not exceed. */
function quantile(indexes, { total, zero, max }, { gamma, offset }, p) {
  const values = [];
  for (const i of indexes) {
    if (zero[i]) values.push([0, zero[i]]);
    let bin = 0;
    for (let k = 0; k < total[i].length; k += 2) {
      bin += total[i][k];
      values.push([(gamma ** (bin - offset) * 2 * gamma) / (1 + gamma), total[i][k + 1]]);
    }
  }
  values.sort((a, z) => a[0] - z[0]);
  const n = sum(values, (v) => v[1]);
  let seen = 0;
  const found = values.find(([, k]) => (seen += k) >= p * n - 1e-9);
  return Math.min(found[0], Math.max(...indexes.map((i) => max[i])));
}

async function threatIntel(open, expect, { threats, data }) {
  if (!threats.length) return;
  await open('threats');
  const all = sum(threats, (r) => r.n);
  const conf = ['High', 'Medium', 'Low', 'None'];
  await expect('threats-over-time', (t) => sum(sums(t), (n) => n), all);
  const byConf = totals(
    threats,
    (r) => conf[r.conf],
    (r) => r.n,
  );
  await expect('threats-by-confidence', (t) => pairs(column(t, 0, 1)), pairs(byConf));
  const byClient = totals(
    threats,
    (r) => data.dict[r.client],
    (r) => r.n,
  );
  await expect('threats-by-client', (t) => pairs(column(t, 0, 2)), pairs(byClient));
  await expect('threat-table', (t) => pairs(column(t, 0, 10)), pairs(byClient));
  const byActor = totals(
    threats,
    (r) => data.dict[r.actor] || 'Unassigned',
    (r) => r.n,
  );
  await expect('threats-by-actor', (t) => pairs(column(t, 0, 2)), pairs(byActor));
}
