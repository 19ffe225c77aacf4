// Buckets that share a list, as those beyond the 50 busiest do: a filter by one of them never says that nothing was.
import { visit } from './browser.mjs';
import { KINDS } from './sample.mjs';
import { html } from './valid.mjs';

const SHARE = [4, 5];
const ID = 5;

/** Data whose last two buckets share their lists and sketches. */
export function sharing(data) {
  const copy = structuredClone(data);
  const to = (rows) => (rows.b = rows.b.map((b) => (SHARE.includes(b) ? -1 : b)));
  for (const r of copy.ranges) {
    r.sketches.o = r.sketches.o.map((o, i) => (SHARE.includes(r.sketches.b[i]) ? -1 : o));
    for (const rows of [r.who, r.sketches, ...Object.values(r.top).flatMap((t) => [t.n, t.bytes])]) to(rows);
    for (const d of Object.values(r.distinct)) for (const b of SHARE) d.bucket[b] = -1;
  }
  Object.assign(copy.bounds.top, { buckets: 4, otherBuckets: 2 });
  copy.bounds.sketch.otherPairs = 9;
  return copy;
}

export async function shares({ page, check }, url, data) {
  const name = encodeURIComponent(data.buckets[ID]);
  const text = (id) => page.locator(`#${id}`).textContent();
  await visit(page, url, `p=security&r=all&b=${name}`);
  const { b, k, n } = data.security;
  let named = 0;
  for (const [kind, id] of KINDS.slice(0, 10).entries()) {
    const all = n.reduce((a, v, i) => a + (b[i] === ID && k[i] === kind ? v : 0), 0);
    const words = `${all.toLocaleString('en-US')} in this range.`;
    if (all) named++;
    const got = await text(`who-${id}`);
    check(got.includes('This bucket shares its list with others'), all > 0, `who-${id}, ${all}: ${got}`);
    check(got.includes(words), all > 0, `who-${id}: says ${words}`);
  }
  check(named > 2, true, 'kinds that the bucket has');
  check(await html(page), [], 'HTML of lists that are shared');
  for (const id of ['top-requester', 'top-client', 'top-agent', 'no-latency']) {
    await visit(page, url, `p=${id === 'no-latency' ? 'latency' : 'top'}&r=all&b=${name}`);
    const got = await text(id);
    check(/This bucket shares its list|share one sketch with others/.test(got), true, `${id}: ${got}`);
  }
  await visit(page, url, `p=overview&r=all&b=${name}`);
  const figures = await text('figures');
  check(figures.includes('no request with a total time'), false, `tile of latency: ${figures}`);
  await visit(page, url, `p=security&r=all&b=${name},${encodeURIComponent(data.buckets[3])}`);
  check((await text('who-denied')).includes('without buckets that share a list'), true, 'a bucket with, one without');
  await visit(page, url, `p=security&r=all&b=${name}`);
  await page.locator('#who-copied button, #who-denied button').first().click();
  check(await page.evaluate(() => location.hash), '#p=security&r=all', 'the button shows all buckets');
}
