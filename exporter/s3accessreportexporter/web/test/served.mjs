// Served: the page looks for new data by ETag and takes it in place; zoom, table and scroll stay.
import { createServer } from 'node:http';
import { gzipSync } from 'node:zlib';
import { drawn, open } from './browser.mjs';
import { sum, table } from './figures.mjs';
import { fill, policy } from './fill.mjs';

export async function served({ check }, data) {
  let current = data;
  let version = 1;
  let broken = false;
  const seen = [];
  const server = createServer((req, res) => {
    if (req.url === '/data') {
      seen.push(req.headers['if-none-match'] ?? '');
      res.setHeader('ETag', `"${version}"`);
      if (req.headers['if-none-match'] === `"${version}"`) return res.writeHead(304).end();
      res.writeHead(200, { 'Content-Type': 'application/json', 'Content-Encoding': 'gzip' });
      if (broken) return res.end(gzipSync(JSON.stringify(current).slice(0, 1000)));
      return res.end(gzipSync(JSON.stringify(current)));
    }
    const header = `${policy().replace("connect-src 'none'", "connect-src 'self'")}; frame-ancestors 'none'`;
    res.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8', 'Content-Security-Policy': header });
    return res.end(fill(current, { live: 1, etag: String(version) }));
  });
  await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
  const { page, complaints, close } = await open({ served: true });
  try {
    await page.goto(`http://127.0.0.1:${server.address().port}/#p=details&r=24h`);
    await drawn(page);
    await page.locator('#total-requests .tools button', { hasText: 'Table' }).evaluate((el) => el.click());
    await page.evaluate(() => scrollTo(0, 300));
    await page.waitForFunction(() => document.getElementById('live').textContent.startsWith('Live'));
    const requests = async () => sum((await table(page, 'total-requests')).flatMap((r) => r.slice(1)), Number);
    const charted = await requests();
    const before = await page.locator('#facts b').first().textContent();
    current = { ...structuredClone(data), records: data.records + 1000, written: data.written + 60_000 };
    const last = current.cells.n.length - 1;
    for (const rows of [current.cells, current.hours]) rows.n[rows.n.length - 1] += 1000;
    version = 2;
    broken = true;
    await page.waitForFunction(() => document.getElementById('live').textContent.startsWith('No answer'));
    broken = false;
    await page.waitForFunction((was) => document.querySelector('#facts b').textContent !== was, before);
    await drawn(page);
    check((await requests()) - charted, 1000, 'served: the charts are of the new data');
    const foot = await page.locator('#foot').textContent();
    check(foot.includes('Nothing on this page is loaded from elsewhere'), true, `served: the words below: ${foot}`);
    check(last >= 0 && seen.includes('"1"'), true, 'served: asks with the ETag of the page');
    check(await page.evaluate(() => location.hash), '#p=details&r=24h', 'served: the fragment stays');
    check(await page.evaluate(() => scrollY), 300, 'served: the scroll stays');
    check(await page.locator('#total-requests table').count(), 1, 'served: the table stays');
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
    await page.waitForFunction(() => document.getElementById('live').textContent.startsWith('No answer'));
    check(
      complaints.filter((c) => !c.includes('ERR_CONNECTION_REFUSED')),
      [],
      'served: nothing on the console',
    );
  } finally {
    await close();
    server.closeAllConnections();
    server.close();
  }
}
