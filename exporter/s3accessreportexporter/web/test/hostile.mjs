// Script payloads in every text: they are shown as text, run nowhere, load nothing, and make no element.
import { PAGES } from './pages.mjs';
import { drawn, visit } from './browser.mjs';

export const PAYLOADS = [
  '<img src=x onerror="window.pwned=1">',
  '<script>window.pwned=1</script>',
  '"><svg onload=window.pwned=1>',
  'javascript:window.pwned=1//',
  '</script><script>window.pwned=1</script>',
  '${window.pwned=1}',
  '{{constructor}}',
  '<iframe srcdoc="<script>parent.pwned=1</script>">',
  '<style>@import "//example.org/x"</style>',
  '{b|rich}',
  '\u202egnp.exe\u2028\u0000',
  '<a href=//example.org ping=//example.org>x',
  '&lt;b&gt;&#x3c;b&#x3e;',
  '__proto__',
  '=HYPERLINK("http://example.org")',
  'constructor',
  '<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>',
];

/** Data with a payload in place of every text. */
export function poisoned(data) {
  let next = 0;
  const text = (old) => (old === '' ? '' : `${PAYLOADS[next++ % PAYLOADS.length]} ${next}`);
  const copy = structuredClone(data);
  copy.title = text('title');
  copy.buckets = copy.buckets.map(text);
  copy.ops = copy.ops.map(text);
  copy.dict = copy.dict.map(text);
  copy.places.country = copy.places.country.map((c, i) => (i % 2 ? text(c) : c));
  copy.places.city = copy.places.city.map(text);
  copy.threats.feeds = copy.threats.feeds.map(text);
  for (const r of copy.quality.reasons)
    Object.assign(r, { reason: text('r'), bucket: copy.buckets[0], example: text('e') });
  for (const u of copy.quality.unexpected) Object.assign(u, { field: text('f'), value: text('v') });
  for (const range of copy.ranges) {
    for (const f of range.findings)
      Object.assign(f, { title: [text('t')], text: [text('t')], link: text('l') });
  }
  return copy;
}

export async function hostile({ page, check, complaints }, url, data) {
  for (const name of PAGES) {
    await visit(page, url, `p=${name}&r=all`);
    check(await page.evaluate(() => window.pwned), undefined, `${name}: no payload ran`);
    check(await page.evaluate(strangers), [], `${name}: elements that no page makes`);
    for (const button of await page.locator('.tools button', { hasText: 'Table' }).all()) {
      await button.evaluate((el) => el.click());
    }
    await drawn(page);
    await page.mouse.move(600, 500);
    check(await page.evaluate(strangers), [], `${name} as tables: elements that no page makes`);
    check(await page.evaluate(() => window.pwned), undefined, `${name} as tables: no payload ran`);
  }
  await visit(page, url, 'p=overview');
  check((await page.title()).includes('\u202e'), false, 'title: control characters are spelled out');
  check(await page.locator('#title').textContent(), data.title, 'title is text');
  await page.locator('#f-b').click();
  check(await page.locator('.pop .opt').count(), data.buckets.length, 'every bucket can be chosen');
  await page.keyboard.press('Escape');
  for (const payload of PAYLOADS) {
    await visit(page, url, `p=${encodeURIComponent(payload)}&b=${encodeURIComponent(payload)}&r=${payload}`);
    check(await page.evaluate(() => window.pwned), undefined, `fragment ${payload}: does nothing`);
  }
  const before = complaints.length;
  const refused = await page.evaluate(() => {
    try {
      document.querySelector('main').innerHTML = '<b>x</b>';
      return false;
    } catch {
      return true;
    }
  });
  check(refused, true, 'the browser refuses a string as markup');
  complaints.length = before;
}

/** Elements of kinds that the page never makes, and scripts and links beyond its own. */
function strangers() {
  const odd = [...document.querySelectorAll('img,iframe,object,embed,form,math,video,audio,base,mglyph')];
  const scripts = [...document.scripts].filter((s) => !['text/plain', 'module'].includes(s.type));
  const links = [...document.querySelectorAll('a')].filter((a) => !a.getAttribute('href')?.startsWith('#'));
  const styles = [...document.querySelectorAll('style')].slice(1);
  return [...odd, ...scripts, ...links, ...styles].map((el) => el.outerHTML.slice(0, 80));
}
