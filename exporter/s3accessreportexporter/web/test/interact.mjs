// What one does with a report: zoom, filter, go back, read by keyboard, save.
import { readFileSync } from 'node:fs';
import { drawn, visit } from './browser.mjs';

const hash = (page) => page.evaluate(() => location.hash);

export async function interact({ page, check }, url, data) {
  await zoomByDrag(page, check, url);
  await filterByClick(page, check, url, data);
  await keyboard(page, check, url);
  await strip(page, check, url);
  await saves(page, check, url, data);
  await switches(page, check, url);
  await onlyWhatChanged(page, check, url);
  await odd(page, check, url, data);
}

async function zoomByDrag(page, check, url) {
  await visit(page, url, 'p=overview');
  const box = await page.locator('#when .chart').boundingBox();
  await page.mouse.move(box.x + 200, box.y + 100);
  await page.mouse.down();
  await page.mouse.move(box.x + 300, box.y + 120, { steps: 4 });
  check(await page.locator('.tip .f').textContent(), 'Release to zoom in', 'drag: tip');
  await page.mouse.up();
  await drawn(page);
  check(/from=2\d{3}-.*Z&to=2/.test(await hash(page)), true, 'drag: the window is in the fragment');
  check(await page.locator('.chip').first().textContent(), 'Zoomed in×', 'drag: chip');
  check(
    await page
      .locator('#geolocation .scope')
      .textContent()
      .then((t) => t.includes('not the zoom')),
    true,
    'drag: a panel that does not follow says so',
  );
  await page.goBack();
  await drawn(page);
  check(await hash(page), '#p=overview', 'back: undoes the zoom');
}

async function filterByClick(page, check, url, data) {
  await visit(page, url, 'p=details');
  await page.locator('#legend button').first().click();
  await drawn(page);
  const chosen = await page.locator('.chip').first().textContent();
  check((await hash(page)).includes('&b='), true, 'legend: filters');
  check(data.buckets.includes(chosen.replace('×', '')), true, 'legend: chip names the bucket');
  await page.locator('.chip button').first().click();
  await drawn(page);
  check((await hash(page)).includes('&b='), false, 'chip: clears the filter');
  await page.locator('#f-o').click();
  await page.locator('.pop input').nth(0).check();
  await page.locator('.pop input').nth(1).check();
  await drawn(page);
  check(await page.locator('.pop').count(), 1, 'operations: stays open while choosing');
  check((await hash(page)).match(/o=([^&]*)/)[1].split(',').length, 2, 'operations: two are chosen');
  await page.keyboard.press('Escape');
  check(await page.evaluate(() => document.activeElement.id), 'f-o', 'Escape: closes, focus goes back');
}

async function keyboard(page, check, url) {
  await visit(page, url, 'p=overview');
  await page.locator('#when .chart').focus();
  await page.keyboard.press('End');
  check(await page.locator('.tip').isVisible(), true, 'End: reads the last bin');
  await page.keyboard.press('ArrowLeft');
  await page.keyboard.press('Enter');
  await drawn(page);
  check((await hash(page)).includes('from='), true, 'Enter: zooms to the bin');
  check(
    await page.evaluate(() => document.activeElement.closest('.panel')?.id),
    'when',
    'Enter: focus stays',
  );
}

async function strip(page, check, url) {
  await visit(page, url, 'p=overview&r=24h');
  const from = page.locator('[data-side=from]');
  const was = Number(await from.getAttribute('aria-valuenow'));
  await from.focus();
  await page.keyboard.press('ArrowRight');
  await drawn(page);
  check(Number(await from.getAttribute('aria-valuenow')) > was, true, 'handle: arrow moves the start');
  check(await page.evaluate(() => document.activeElement.dataset.side), 'from', 'handle: keeps the focus');
}

async function saves(page, check, url, data) {
  await visit(page, url, 'p=details&r=all');
  const saved = async (name) => {
    const got = page.waitForEvent('download');
    await page.locator('#total-requests .tools button', { hasText: name }).evaluate((el) => el.click());
    const download = await got;
    return [download.suggestedFilename(), readFileSync(await download.path())];
  };
  const [csvName, csv] = await saved('CSV');
  const lines = csv.toString().trim().split('\r\n');
  const sum = lines
    .slice(1)
    .flatMap((l) => l.split(',').slice(1).map(Number))
    .reduce((a, n) => a + n, 0);
  check(csvName, 's3-access-total-requests.csv', 'CSV: name');
  check(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ,/.test(lines[1]), true, 'CSV: times are ISO 8601 in UTC');
  check(
    sum,
    data.hours.n.reduce((a, n) => a + n, 0),
    'CSV: all requests',
  );
  const [pngName, png] = await saved('PNG');
  check(pngName, 's3-access-total-requests.png', 'PNG: name');
  check(png.subarray(1, 4).toString(), 'PNG', 'PNG: is one');
}

async function switches(page, check, url) {
  await visit(page, url, 'p=overview');
  const clock = () => page.locator('#shown').textContent();
  const local = await clock();
  await page.locator('[data-v=utc]').click();
  await drawn(page);
  check((await clock()) !== local && (await clock()).includes('UTC'), true, 'zone: UTC');
  await page.locator('[data-v=dark]').click();
  await drawn(page);
  check(await page.evaluate(() => document.documentElement.dataset.theme), 'dark', 'theme: dark');
  check(await hash(page), '#p=overview&r=3h&z=utc&t=dark', 'zone and theme are in the fragment');
}

/** A change of the order of Top leaves what it does not touch. */
async function onlyWhatChanged(page, check, url) {
  await visit(page, url, 'p=overview');
  await page.evaluate(() => {
    for (const p of document.querySelectorAll('.panel')) p.kept = true;
  });
  await page.locator('#geolocation .views button', { hasText: 'Europe' }).click();
  await drawn(page);
  const redrawn = await page.evaluate(() =>
    [...document.querySelectorAll('.panel')].filter((p) => !p.kept).map((p) => p.id),
  );
  check(
    redrawn.filter((id) => id !== 'stands-out'),
    ['geolocation'],
    'part of the map: only the map is drawn anew',
  );
}

async function odd(page, check, url, data) {
  const o = `o=${encodeURIComponent(data.ops[0])}&b=${encodeURIComponent(data.buckets[1])}`;
  await visit(page, url, `p=overview&${o}`);
  const none = await page.locator('#nothing').count();
  if (none) {
    await page.locator('#nothing button', { hasText: 'Clear the filters' }).click();
    await drawn(page);
    check(await page.locator('#when').count(), 1, 'no match: the filters can be cleared');
  }
  await visit(page, url, 'p=nowhere&r=9h&b=absent&from=x&to=y');
  check(await page.locator('#when').count(), 1, 'a fragment without sense shows the default');
}
