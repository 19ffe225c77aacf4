// Makes the files that Go embeds. The same sources give the same bytes.
//   node build.mjs [DIRECTORY]     writes page.html (placeholders: see src/data.ts) and policy.txt
import { build } from 'esbuild';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { constants, gzipSync } from 'node:zlib';

const here = fileURLToPath(new URL('.', import.meta.url));
const out = process.argv[2] ?? `${here}../internal/page/bundle`;
const require = createRequire(import.meta.url);
const text = (file) => readFileSync(file, 'utf8').replaceAll('\r\n', '\n');

const ICON =
  "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'><rect width='16' height='16' rx='3' " +
  "fill='#1f5fd0'/><path d='M4 12V8m4 4V4m4 8V6' stroke='#fff' stroke-width='2'/></svg>";

/** Comments that must stay with the code: licences of what is bundled. */
function licences() {
  const file = (name) =>
    text(require.resolve(`${name}/package.json`).replace('package.json', 'LICENSE')).trim();
  const zrender = text(require.resolve('zrender/package.json').replace('package.json', 'LICENSE')).trim();
  const parts = [
    `Apache ECharts, Apache-2.0\n${text(require.resolve('echarts/NOTICE')).trim()}`,
    'The text of the Apache License 2.0: https://www.apache.org/licenses/LICENSE-2.0',
    `ZRender, BSD-3-Clause\n${zrender}`,
    `topojson-client, ISC\n${file('topojson-client')}`,
    `tslib, 0BSD\nCopyright (c) Microsoft Corporation.`,
    `world-atlas, ISC (shapes: Natural Earth, public domain)\n${file('world-atlas')}`,
    `Country codes: i18n-iso-countries, MIT\n${file('i18n-iso-countries')}`,
  ];
  return `/*!\n${parts.join('\n\n').replaceAll('*/', '* /')}\n*/\n`;
}

async function script() {
  const result = await build({
    entryPoints: [`${here}src/main.ts`],
    bundle: true,
    write: false,
    minify: true,
    format: 'esm',
    target: ['es2022', 'chrome110', 'firefox115', 'safari16.4'],
    legalComments: 'inline',
    charset: 'ascii',
    define: { 'process.env.NODE_ENV': '"production"', '__DEV__': 'false' },
    logLevel: 'warning',
  });
  const code = licences() + result.outputFiles[0].text.trim();
  return code.replaceAll('</script', '<\\/script').replaceAll('<!--', '<\\!--');
}

async function style() {
  const result = await build({
    entryPoints: [`${here}src/css/main.css`],
    bundle: true,
    write: false,
    minify: true,
    charset: 'ascii',
  });
  return result.outputFiles[0].text.trim();
}

/** Countries of Natural Earth at 1:110m by ISO code, without Antarctica. */
function world() {
  const atlas = JSON.parse(text(require.resolve('world-atlas/countries-110m.json')));
  const alpha2 = new Map(require('i18n-iso-countries/codes.json').map(([two, , number]) => [number, two]));
  delete atlas.objects.land;
  const countries = atlas.objects.countries;
  countries.geometries = countries.geometries.filter((g) => g.properties.name !== 'Antarctica');
  for (const g of countries.geometries) {
    g.properties = { name: alpha2.get(g.id) ?? '' };
    delete g.id;
  }
  const zipped = gzipSync(JSON.stringify(atlas), { level: 9, strategy: constants.Z_DEFAULT_STRATEGY });
  zipped[9] = 255; // the operating system in gzip's header: unknown, on every one
  return zipped.toString('base64');
}

const sha = (code) => `'sha256-${createHash('sha256').update(code).digest('base64')}'`;
const policy = (code, css) =>
  [
    "default-src 'none'",
    `script-src ${sha(code)}`,
    `style-src ${sha(css)}`,
    'img-src data: blob:',
    "connect-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    'trusted-types default',
  ].join('; ');

const [code, css] = await Promise.all([script(), style()]);
const fill = { ICON: encodeURIComponent(ICON), STYLE: css, WORLD: world(), SCRIPT: code };
let page = text(`${here}page.html`);
for (const [name, value] of Object.entries(fill)) page = page.replace(`__${name}__`, () => value);
for (const name of ['POLICY', 'LIVE', 'ETAG', 'DATA']) {
  if (page.split(`__${name}__`).length !== 2) throw new Error(`__${name}__ must be in the page exactly once`);
}
mkdirSync(out, { recursive: true });
writeFileSync(`${out}/page.html`, page);
writeFileSync(`${out}/policy.txt`, policy(code, css));
const kib = (n) => `${(n / 1024).toFixed(0)} KiB`;
console.log(
  `page ${kib(page.length)}: script ${kib(code.length)} (gzip ${kib(gzipSync(code).length)}), style ` +
    `${kib(css.length)}, map ${kib(fill.WORLD.length)}`,
);
