// Fills the template as the exporter does.
//   node test/fill.mjs DATA.json OUT.html
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';

const bundle = fileURLToPath(new URL('../../internal/page/bundle/', import.meta.url));

export const policy = () => readFileSync(`${bundle}policy.txt`, 'utf8');

/** The page with data; served with `live`, the seconds between two looks. */
export function fill(data, { live = 0, etag = '' } = {}) {
  const connect = live ? "connect-src 'self'" : "connect-src 'none'";
  const values = {
    POLICY: policy().replace("connect-src 'none'", connect),
    LIVE: String(live),
    ETAG: etag,
    DATA: gzipSync(JSON.stringify(data), { level: 9 }).toString('base64'),
  };
  let page = readFileSync(`${bundle}page.html`, 'utf8');
  for (const [name, value] of Object.entries(values)) page = page.replace(`__${name}__`, () => value);
  return page;
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  writeFileSync(process.argv[3], fill(JSON.parse(readFileSync(process.argv[2], 'utf8'))));
}
