// The HTML of each page, as it comes and as the script has made it: HTML's own rules (nesting, attributes, ids, roles)
// and those of html-validate about labels and names.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { HtmlValidate } from 'html-validate';
import { drawn, visit } from './browser.mjs';
import { PAGES } from './pages.mjs';

const validator = new HtmlValidate({
  root: true,
  extends: ['html-validate:standard', 'html-validate:a11y'],
});

/** What is wrong, each once. */
function wrong(html) {
  const { results } = validator.validateStringSync(html);
  const found = results.flatMap((r) => r.messages.map((m) => `${m.ruleId}: ${m.message} (${m.selector})`));
  return [...new Set(found)].slice(0, 10);
}

const template = fileURLToPath(new URL('../../internal/page/bundle/page.html', import.meta.url));

/** Without what scripts, style and data hold: none of it is markup. */
const markup = (html) => html.replace(/(<(script|style)\b[^>]*>)[^]*?(<\/\2>)/g, '$1$3');

/** The HTML of a page as it is now. */
export async function html(page) {
  return wrong(markup(`<!doctype html>\n${await page.evaluate(() => document.documentElement.outerHTML)}`));
}

export async function valid({ page, check }, url) {
  check(wrong(markup(readFileSync(template, 'utf8'))), [], 'the page as it comes');
  for (const name of PAGES) {
    await visit(page, url, `p=${name}&r=7d`);
    check(await html(page), [], `${name}: HTML`);
    for (const button of await page.locator('.tools button', { hasText: 'Table' }).all()) {
      await button.evaluate((el) => el.click());
    }
    await drawn(page);
    check(await html(page), [], `${name} as tables: HTML`);
  }
  for (const id of ['f-range', 'f-b', 'f-o']) {
    await page.locator(`#${id}`).click();
    check(await html(page), [], `${id} open: HTML`);
    await page.keyboard.press('Escape');
  }
}
