// Debian's Chromium, headless. Anything on the console, any error and any request is kept as a complaint.
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const CANDIDATES = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser'];
export const executable = CANDIDATES.find((file) => file && existsSync(file));

const QUIET = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export async function open({ timezone = 'Europe/Berlin', served = false } = {}) {
  const context = await chromium.launchPersistentContext(mkdtempSync(join(tmpdir(), 'report-')), {
    executablePath: executable,
    headless: true,
    args: QUIET,
    timezoneId: timezone,
    viewport: { width: 1440, height: 900 },
    acceptDownloads: true,
  });
  const page = await context.newPage();
  const complaints = [];
  page.on('console', (m) => complaints.push(`console ${m.type()}: ${m.text()}`));
  page.on('pageerror', (e) => complaints.push(`error: ${e.stack}`));
  page.on('request', (r) => {
    const own = /^(file|blob|data):/.test(r.url()) || (served && new URL(r.url()).hostname === '127.0.0.1');
    if (!own) complaints.push(`request: ${r.url()}`);
  });
  return { context, page, complaints, close: () => context.close() };
}

/** Waits until everything is drawn. */
export const drawn = (page) =>
  page.waitForSelector('html[data-drawn]', { timeout: 20_000, state: 'attached' });

/** Loads a fragment of a page anew. */
export async function visit(page, url, fragment, { width = 1440, theme = 'light' } = {}) {
  await page.setViewportSize({ width, height: width > 700 ? 900 : 800 });
  await page.emulateMedia({ colorScheme: theme });
  await page.goto('about:blank');
  await page.goto(`${url}#${fragment}`);
  await drawn(page);
}
