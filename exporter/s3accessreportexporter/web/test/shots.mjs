// Pictures of a report.
//   node test/shots.mjs FILE.html DIRECTORY 'NAME FRAGMENT WIDTH THEME [fold|pdf]' ...
import { resolve } from 'node:path';
import { open, visit } from './browser.mjs';

const [file, directory, ...jobs] = process.argv.slice(2);
const { page, complaints, close } = await open();
for (const job of jobs) {
  const [name, fragment, width, theme, mode] = job.split(' ');
  await visit(page, `file://${resolve(file)}`, fragment, { width: Number(width), theme });
  await page.waitForTimeout(100);
  if (mode === 'pdf')
    await page.pdf({ path: `${directory}/${name}.pdf`, preferCSSPageSize: true, printBackground: true });
  else await page.screenshot({ path: `${directory}/${name}.png`, fullPage: mode !== 'fold' });
}
console.log(complaints.length ? complaints.join('\n') : 'quiet: no console message, no request');
await close();
