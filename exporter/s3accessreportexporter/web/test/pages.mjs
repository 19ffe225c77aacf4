// Every page, in both themes and three widths: drawn, nothing wider than the page, no canvas left blank.
import { visit } from './browser.mjs';

export const PAGES = ['overview', 'details', 'threats', 'security', 'top', 'latency', 'quality'];
const WIDTHS = [400, 1024, 1440];
const THEMES = ['light', 'dark'];

export async function pages({ page, check }, url) {
  for (const theme of THEMES) {
    for (const width of WIDTHS) {
      for (const name of PAGES) {
        await visit(page, url, `p=${name}`, { width, theme });
        const what = `${name} ${theme} ${width}`;
        check(await page.evaluate(tooWide), [], `${what}: elements wider than the page`);
        check(await page.evaluate(cut), [], `${what}: words that are cut`);
        check(await page.evaluate(hidden), [], `${what}: tab of the page, last columns of lists out of sight`);
        check(await page.evaluate(blank), [], `${what}: charts without a picture`);
        check(await page.evaluate(() => document.documentElement.dataset.theme), theme, `${what}: theme`);
      }
    }
  }
}

function tooWide() {
  const width = document.documentElement.clientWidth;
  const inside = '.scroll,.tabs,.filters,svg,.chart,.skip';
  return [...document.querySelectorAll('body *')]
    .filter((el) => el.getBoundingClientRect().right > width + 1 && !el.closest(inside))
    .slice(0, 5)
    .map((el) => `${el.tagName}.${el.className} ${Math.round(el.getBoundingClientRect().right)}`);
}

/** Words and figures of tiles, who and why in lists: without the end of them they say nothing. */
function cut() {
  const words = '.tile .k,.tile .v,td .sub:not(.mono),td .long,td .parted,.mid .z';
  const over = (el) => {
    const { left, right } = el.getBoundingClientRect();
    const box = el.closest('td,.tile')?.getBoundingClientRect();
    return el.scrollWidth > el.clientWidth + 1 && getComputedStyle(el).display !== 'inline'
      ? true
      : box && (right > box.right + 1 || left < box.left - 1);
  };
  return [...document.querySelectorAll(words)]
    .filter((el) => el.getClientRects().length && over(el))
    .slice(0, 5)
    .map((el) => `${el.closest('.panel')?.id ?? 'tile'} ${el.textContent}`);
}

function hidden() {
  const within = (el, room) => {
    const [at, in_] = [el.getBoundingClientRect(), room.getBoundingClientRect()];
    return at.left >= in_.left - 1 && at.right <= in_.right + 1;
  };
  const tab = document.querySelector('#tabs [aria-current]');
  const rows = [...document.querySelectorAll('.body .scroll thead tr')];
  const ends = rows.map((r) => [...r.cells].filter((c) => c.getClientRects().length).at(-1));
  return [
    ...(within(tab, document.querySelector('#tabs')) ? [] : [tab.textContent]),
    ...ends.filter((el) => !within(el, el.closest('.scroll'))).map((el) => el.closest('.panel').id),
  ];
}

/** Charts without a canvas, or with one on which nothing was drawn. */
function blank() {
  return [...document.querySelectorAll('.chart')]
    .filter((el) => {
      const canvas = el.querySelector('canvas');
      if (!canvas?.width || !canvas.height) return true;
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      return !data.some((v, i) => i % 4 === 3 && v > 0);
    })
    .map((el) => el.closest('.panel').id);
}
