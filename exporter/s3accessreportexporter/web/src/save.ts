/** Panels as files: CSV, and PNG with heading, sentence and canvases as drawn. A list is drawn as a table. */
import { css, face, h, show } from './dom';
import { csv, words, type Table } from './table';

export interface Saved {
  id: string;
  title: string;
  answer: string;
  caption: string;
  table: Table;
}

function save(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  const a = h('a', { href: url, download: name });
  document.body.append(a);
  a.click();
  a.remove();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

export const saveCsv = (p: Saved): void =>
  save(new Blob([csv(p.table)], { type: 'text/csv' }), `s3-access-${p.id}.csv`);

const PAD = 20;
const HEAD = 84;
const ROWS = 20;

export function savePng(p: Saved, body: HTMLElement): void {
  const canvases = [...body.querySelectorAll<HTMLCanvasElement>('.chart canvas')];
  const width = Math.max(640, body.clientWidth + 2 * PAD);
  const rows = Math.min(ROWS, p.table.rows.length);
  const inner = canvases.length ? body.clientHeight + 8 : rows * 22 + 30;
  const canvas = document.createElement('canvas');
  canvas.width = width * 2;
  canvas.height = (HEAD + inner + 16) * 2;
  const g = canvas.getContext('2d')!;
  g.scale(2, 2);
  g.fillStyle = css('--surface');
  g.fillRect(0, 0, width, HEAD + inner + 16);
  text(g, p.title, PAD, 30, { size: 15, weight: 600 });
  text(g, p.answer, PAD, 50, { color: '--text-2', max: width - 2 * PAD });
  text(g, p.caption, PAD, 68, { color: '--text-3' });
  if (canvases.length) {
    const b = body.getBoundingClientRect();
    for (const c of canvases) {
      const r = c.getBoundingClientRect();
      g.drawImage(c, PAD + r.left - b.left, HEAD + r.top - b.top, r.width, r.height);
    }
    overlays(g, body, b);
  } else {
    drawTable(g, p.table, rows, width);
  }
  canvas.toBlob((blob) => blob && save(blob, `s3-access-${p.id}.png`));
}

interface Style {
  size?: number;
  weight?: number;
  color?: string;
  right?: boolean;
  max?: number;
}

function text(g: CanvasRenderingContext2D, t: string, x: number, y: number, s: Style): void {
  g.font = `${s.weight ?? 400} ${s.size ?? 12}px ${face()}`;
  g.fillStyle = css(s.color ?? '--text');
  g.textAlign = s.right ? 'right' : 'left';
  let out = show(t);
  while (s.max && out.length > 3 && g.measureText(out).width > s.max) out = `${out.slice(0, -2)}…`;
  g.fillText(out, x, y);
}

/** Words that stand on a chart as DOM: names of plots and marks, a pie's middle. */
function overlays(g: CanvasRenderingContext2D, body: HTMLElement, b: DOMRect): void {
  for (const el of body.querySelectorAll<HTMLElement>('.plot, .markname, .center b, .center span')) {
    const r = el.getBoundingClientRect();
    text(g, el.textContent ?? '', PAD + r.left - b.left, HEAD + r.top - b.top + 12, { color: '--text-2' });
  }
  for (const el of body.querySelectorAll<HTMLElement>('.mark')) {
    const r = el.getBoundingClientRect();
    g.fillStyle = css('--text-2');
    g.fillRect(PAD + r.left - b.left, HEAD + r.top - b.top, 1, r.height);
  }
}

function drawTable(g: CanvasRenderingContext2D, t: Table, rows: number, width: number): void {
  const shown = t.rows.slice(0, rows);
  const chars = t.cols.map((c, i) => Math.max(c.t.length, ...shown.map((r) => words(c, r[i]).length)) + 2);
  const capped = chars.map((n) => Math.min(n, 60));
  const sum = capped.reduce((a, n) => a + n, 0);
  let x = PAD;
  t.cols.forEach((c, i) => {
    const w = (capped[i] / sum) * (width - 2 * PAD);
    const at = c.num ? x + w - 8 : x;
    const style = { right: c.num, max: w - 12 };
    text(g, c.t, at, HEAD + 12, { ...style, color: '--text-3', weight: 500 });
    shown.forEach((r, k) => text(g, words(c, r[i]), at, HEAD + 36 + k * 22, style));
    x += w;
  });
}
