// Top by bytes: requests of no bytes are in no row, so the requests are at least as many as are shown.
import { visit } from './browser.mjs';

const LISTS = ['requester', 'client', 'key', 'prefix', 'agent'];

export async function bytes({ page, check }, url) {
  await visit(page, url, 'p=top&r=7d&m=bytes');
  for (const list of LISTS) {
    const got = await page.evaluate(
      (id) => [...document.querySelectorAll(`#${id} tbody tr`)].map((tr) => tr.cells[1].textContent),
      `top-${list}`,
    );
    check(got.length > 0 && got.every((text) => /^≥ [\d,]+$/.test(text)), true, `top-${list} by bytes: ${got}`);
  }
  await visit(page, url, 'p=top&r=7d');
  const exact = await page.locator('#top-client tbody tr').first().locator('td').nth(2).textContent();
  check(/^[\d.]+ [KMGT]iB$/.test(exact), true, `by requests, bytes of a row without error: ${exact}`);
}
