// Empty states: they say why, and what to set.
import { PAGES } from './pages.mjs';
import { visit } from './browser.mjs';

const none = (table) => Object.fromEntries(Object.keys(table).map((k) => [k, []]));

/** Data of an exporter that saw nothing yet. */
export function nothing(data) {
  const copy = structuredClone(data);
  copy.records = copy.start = copy.oldest = copy.newest = copy.end = 0;
  for (const r of copy.ranges) r.from = r.since = 0;
  Object.assign(copy, { buckets: [], ops: [], dict: [], tiers: [{ from: 0, width: 1 }] });
  for (const name of ['cells', 'hours', 'security', 'threats', 'places']) copy[name] = none(copy[name]);
  for (const a of Object.keys(copy.attributes)) copy.attributes[a] = 0;
  for (const r of copy.ranges) {
    for (const name of ['sketches', 'errors', 'geo', 'who']) r[name] = none(r[name]);
    for (const list of Object.values(r.top))
      Object.assign(list, { n: none(list.n), bytes: none(list.bytes) });
    for (const list of Object.keys(r.distinct)) r.distinct[list] = { all: 0, bucket: [] };
    r.findings = [];
  }
  Object.assign(copy.quality, { malformed: 0, reasons: [], unexpected: [], repeated: 0, future: 0 });
  return copy;
}

/** Data whose records lack what enriching adds and what can be excluded. */
export function bare(data) {
  const copy = structuredClone(data);
  for (const a of Object.keys(copy.attributes)) copy.attributes[a] = 0;
  copy.threats = { ...none(copy.threats), feeds: [] };
  copy.hours.ms = copy.hours.timed = copy.hours.n.map(() => 0);
  copy.cells.ms = copy.cells.timed = copy.cells.n.map(() => 0);
  for (const r of copy.ranges) {
    for (const name of ['sketches', 'geo', 'who']) r[name] = none(r[name]);
    for (const list of Object.values(r.top))
      Object.assign(list, { n: none(list.n), bytes: none(list.bytes) });
    r.findings = [];
  }
  return copy;
}

export async function empties({ page, check }, urls) {
  const has = async (text, what) =>
    check((await page.locator('main').textContent()).includes(text), true, `${what}: says ${text}`);
  for (const name of PAGES) await visit(page, urls.nothing, `p=${name}`);
  await visit(page, urls.nothing, 'p=overview');
  await has('exporters: [s3_access_report]', 'nothing yet');
  for (const name of PAGES) await visit(page, urls.bare, `p=${name}`);
  await visit(page, urls.bare, 'p=overview');
  await has('geoip:', 'no place');
  await has('Nothing out of the ordinary', 'calm');
  await visit(page, urls.bare, 'p=threats');
  await has('threat_intel:', 'no feed');
  await visit(page, urls.bare, 'p=latency');
  await has('exclude_attributes', 'no time');
  await visit(page, urls.bare, 'p=top');
  await has('No record carries aws.s3.key', 'no key');
  await visit(page, urls.bare, 'p=security');
  await has('No record carries tls.protocol.version', 'no TLS attribute');
}
