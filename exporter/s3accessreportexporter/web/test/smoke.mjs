// The page in a real browser.
//   node test/smoke.mjs                the committed bundle with sample data, everything
//   node test/smoke.mjs REPORT.html    a report that the exporter wrote: its pages and its figures
//   node test/smoke.mjs quick HOSTILE.html    the parts that need a minute: use, refresh, a report full of payloads
// Ends with 0 and a word where there is no Chromium (CHROMIUM names one), with 1 when anything is wrong.
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { executable, open } from './browser.mjs';
import { bytes } from './bytes.mjs';
import { coarse, widths } from './coarse.mjs';
import { bare, empties, nothing } from './empty.mjs';
import { figures } from './figures.mjs';
import { fill } from './fill.mjs';
import { hostile, poisoned } from './hostile.mjs';
import { interact } from './interact.mjs';
import { names, others } from './names.mjs';
import { pages } from './pages.mjs';
import { roles, twoSessions } from './roles.mjs';
import { finished, sample } from './sample.mjs';
import { served } from './served.mjs';
import { shares, sharing } from './sharing.mjs';
import { valid } from './valid.mjs';

if (!executable) {
  console.log('skipped: no Chromium');
  process.exit(0);
}

let checks = 0;
let failures = 0;
const clip = (v) => JSON.stringify(v)?.slice(0, 400);
function check(got, want, what) {
  checks++;
  if (isDeepStrictEqual(got, want)) return;
  failures++;
  console.log(`FAIL ${what}\n  got  ${clip(got)}\n  want ${clip(want)}`);
}

const directory = mkdtempSync(join(tmpdir(), 'report-smoke-'));
function write(name, data) {
  const file = join(directory, `${name}.html`);
  writeFileSync(file, fill(data));
  return `file://${file}`;
}

/** The data in a report's block. */
function dataOf(file) {
  const block = /<script type="text\/plain" id="data"[^>]*>([^<]*)</.exec(readFileSync(file, 'utf8'))[1];
  return JSON.parse(gunzipSync(Buffer.from(block, 'base64')).toString());
}

async function run(name, f, ...args) {
  const browser = await open();
  const start = performance.now();
  const before = checks;
  try {
    await f({ ...browser, check }, ...args);
  } catch (e) {
    check(e.message, '', `${name}: ends`);
  }
  check(browser.complaints, [], `${name}: nothing on the console, no request`);
  await browser.close();
  const seconds = ((performance.now() - start) / 1000).toFixed(0);
  console.log(`${name}: ${checks - before} checks, ${seconds} s`);
}

const report = process.argv[2];
if (report === 'quick') {
  const data = finished(sample());
  await run('interact', interact, write('sample', data), data);
  await run('valid', valid, write('valid', data));
  await run('served', served, data);
  await run('hostile', hostile, `file://${resolve(process.argv[3])}`, dataOf(process.argv[3]));
} else if (report) {
  const url = `file://${resolve(report)}`;
  await run('pages', pages, url);
  await run('figures', figures, url, dataOf(report));
} else {
  const data = finished(sample());
  const url = write('sample', data);
  const poison = poisoned(data);
  await run('pages', pages, url);
  await run('figures', figures, url, data);
  await run('valid', valid, url);
  await run('interact', interact, url, data);
  await run('roles', roles, write('roles', twoSessions(data)));
  await run('names', names, write('names', others(data)));
  await run('bytes', bytes, url);
  await run('shares', shares, write('shares', sharing(data)), data);
  await run('widths', widths, write('widths', coarse(data)), coarse(data));
  await run('hostile', hostile, write('hostile', poison), poison);
  await run('empties', empties, {
    nothing: write('nothing', nothing(data)),
    bare: write('bare', bare(data)),
  });
  await run('served', served, data);
}
console.log(failures ? `${failures} of ${checks} checks failed` : `all ${checks} checks passed`);
process.exit(failures ? 1 : 0);
