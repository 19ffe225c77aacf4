// Size, and time until the first page is drawn, of the sample week, of 50 buckets at the budget of cells,
// and of the exporter's own data, which REPORT_DATA=FILE go test -run AMonthOfFifty ./internal/encode writes.
//   node test/large.mjs [DATA.json]    prints figures, decides nothing
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { drawn, executable, open } from './browser.mjs';
import { fill } from './fill.mjs';
import { random } from './random.mjs';
import { finished, sample } from './sample.mjs';

const BUCKETS = 50;
const OPS = 20;
const HOURS = 720;

/** The sample's lists with cells, hours and sketches of 50 buckets and 20 operations. */
export function large(seed = 7) {
  const r = random(seed);
  const data = finished(sample());
  const copies = (list, n, name) => Array.from({ length: n }, (_, i) => list[i] ?? `${name}-${i}`);
  data.buckets = copies(data.buckets, BUCKETS, 'example-bucket-of-a-team');
  data.ops = copies(data.ops, OPS, 'REST.OTHER.OPERATION');
  data.start = Math.floor((data.end - HOURS * 3_600_000) / 86_400_000) * 86_400_000;
  data.oldest = data.start;
  const tiers = data.tiers.map((t, i) => (i ? t : { ...t, from: data.start }));
  data.tiers = tiers;
  data.cells = cells(r, data, tiers);
  data.hours = hours(r, data);
  data.records = data.hours.n.reduce((a, n) => a + n, 0);
  for (const range of data.ranges) {
    range.from = range.id === 'all' ? data.start : range.from;
    const pairs = Array.from({ length: BUCKETS * OPS }, (_, i) => [i % BUCKETS, Math.floor(i / BUCKETS)]);
    const bins = () => Array.from({ length: 160 }, (_, i) => (i % 2 ? 1 + r.int(500) : i ? 2 : 150));
    range.sketches = {
      b: pairs.map(([b]) => b),
      o: pairs.map(([, o]) => o),
      max: pairs.map(() => 5000),
      zero: pairs.map(() => 0),
      zeroFirst: pairs.map(() => 0),
      total: pairs.map(bins),
      first: pairs.map(bins),
    };
    for (const list of Object.values(range.distinct))
      list.bucket = data.buckets.map((_, b) => list.bucket[b] ?? 9);
    for (const orders of Object.values(range.top)) for (const rows of Object.values(orders)) widen(rows);
  }
  data.bounds.cells.used = data.cells.n.length;
  return data;
}

/** The rows of the first buckets again for the others. */
function widen(rows) {
  const n = rows.n.length;
  for (let b = 6; b < BUCKETS; b++) {
    for (let i = 0; i < n; i++) {
      if (rows.b[i] !== b % 6) continue;
      for (const name of Object.keys(rows)) rows[name].push(name === 'b' ? b : rows[name][i]);
    }
  }
}

const NAMES = ['n', 'c4', 'c5', 'out', 'in', 'ms', 'timed'];
const empty = (names) => Object.fromEntries(names.map((n) => [n, []]));

function fillRow(r, rows) {
  const n = 1 + r.int(r.int(r.int(4000) + 1) + 1);
  const figures = [
    n,
    r.int(r.int(9) + 1),
    r.int(r.int(3) + 1),
    n * r.int(1e6),
    n * r.int(1e5),
    n * (20 + r.int(90)),
    n,
  ];
  NAMES.forEach((name, i) => rows[name].push(figures[i]));
}

function cells(r, data, tiers) {
  const rows = empty(['dt', 'b', 'o', ...NAMES]);
  let at = 0;
  for (let i = 0; i < tiers.length; i++) {
    const to = tiers[i + 1]?.from ?? data.end;
    const part = i === tiers.length - 1 ? 0.2 : 0.35; // of the pairs that have a request
    for (let t = tiers[i].from; t < to; t += tiers[i].width * 60_000) {
      for (let k = 0; k < BUCKETS * OPS; k++) {
        if (r.next() > part) continue;
        const minute = (t - data.start) / 60_000;
        rows.dt.push(minute - at);
        at = minute;
        rows.b.push(Math.floor(k / OPS));
        rows.o.push(k % OPS);
        fillRow(r, rows);
      }
    }
  }
  return rows;
}

function hours(r, data) {
  const rows = empty(['dt', 'b', ...NAMES]);
  for (let h = 0; data.start + h * 3_600_000 < data.end; h++) {
    for (let b = 0; b < BUCKETS; b++) {
      rows.dt.push(b || !h ? 0 : 1);
      rows.b.push(b);
      fillRow(r, rows);
    }
  }
  return rows;
}

async function measure(file) {
  const { page, complaints, close } = await open();
  const times = [];
  for (let i = 0; i < 7; i++) {
    await page.goto('about:blank');
    await page.goto(`file://${file}`);
    await drawn(page);
    times.push(
      await page.evaluate(() => {
        const at = (name) => Math.round(performance.getEntriesByName(name)[0]?.startTime ?? -1);
        return [at('first-contentful-paint'), at('unpacked'), at('chart'), at('drawn')];
      }),
    );
  }
  const changes = [];
  for (const name of ['details', 'threats', 'security', 'top', 'latency', 'quality']) {
    const start = Date.now();
    await page.evaluate((p) => {
      delete document.documentElement.dataset.drawn;
      location.hash = `#p=${p}&r=all`;
    }, name);
    await drawn(page);
    changes.push(`${name} ${Date.now() - start}`);
  }
  await close();
  const median = (k) => times.map((t) => t[k]).sort((a, z) => a - z)[3];
  console.log(
    `first paint ${median(0)}, data unpacked ${median(1)}, first chart ${median(2)}, all ${median(3)} ms`,
  );
  console.log(`change of page, all of the data (ms): ${changes.join(', ')}`);
  for (const c of complaints) console.log(c);
}

if (!executable) {
  console.log('skipped: no Chromium');
} else {
  const [, , own] = process.argv;
  const inputs = [
    ['sample week', finished(sample())],
    ['50 buckets at the budget', large()],
  ];
  if (own) inputs.push([own, JSON.parse(readFileSync(own, 'utf8'))]);
  for (const [name, data] of inputs) {
    const file = join(mkdtempSync(join(tmpdir(), 'report-large-')), 'report.html');
    const html = fill(data);
    writeFileSync(file, html);
    const size = `${(html.length / 2 ** 20).toFixed(2)} MiB`;
    console.log(`${name}: ${data.cells.n.length} cells, ${data.hours.n.length} hours, file ${size}`);
    await measure(file);
  }
}
