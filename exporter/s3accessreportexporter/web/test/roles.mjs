// Sessions of one role are one row of a list; the CSV keeps the whole of each.
import { visit } from './browser.mjs';

const ONE = 'arn:aws:sts::111122223333:assumed-role/etl-orders/job';
const OTHER = 'arn:aws:sts::111122223333:assumed-role/etl-clicks/job';

/** Data in which two roles are two sessions of one. */
export function twoSessions(data) {
  const copy = structuredClone(data);
  copy.dict = copy.dict.map((word) => (word === OTHER ? `${ONE}-2` : word));
  return copy;
}

export async function roles({ page, check }, url) {
  const named = (id) => page.locator(`#${id} td.name .mid`, { hasText: 'etl-orders' }).count();
  await visit(page, url, 'p=security&r=7d');
  check(await named('who-copied'), 1, 'who copied: one row for both sessions');
  await page.locator('#who-copied .tools button', { hasText: 'Table' }).evaluate((el) => el.click());
  const whole = await page.locator('#who-copied td', { hasText: 'assumed-role/etl-orders' }).count();
  check(whole, 2, 'who copied as a table: a row for each session');
  await visit(page, url, 'p=top&r=7d');
  check(await named('top-requester'), 1, 'top requesters: one row for both sessions');
}
