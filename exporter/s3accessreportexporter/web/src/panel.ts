/** A panel: heading, the answer in one sentence, and a body that can be seen as a table and saved. */
import { h, plain, rich, type Child, type Rich } from './dom';
import { saveCsv, savePng } from './save';
import { dataTable, type Table } from './table';

export interface Panel {
  id: string;
  /** Grid class: c3 to c12. */
  span: string;
  title: string;
  answer?: Rich;
  /** Badge: which filters it leaves out. */
  scope?: string | null;
  unit?: string | null;
  unitRight?: () => Child;
  unitNear?: boolean;
  /** Of the chart, in px. */
  height?: number;
  /** The body is as high as its content. */
  fit?: boolean;
  table?: Table | null;
  caption?: string;
  /** Draws on an element that is on the page. */
  chart?: (el: HTMLElement) => void;
  /** Puts the chart's element into the body, with what stands beside it. */
  layout?: (body: HTMLElement, chart: HTMLElement) => void;
  /** Body without a chart. */
  node?: () => Child;
  /** Shown in place of a body: why it is empty. */
  empty?: (() => HTMLElement) | null;
  /** What is drawn beyond the rest of this: a panel is drawn anew when any of it changes. */
  also?: unknown;
}

/** Anything else in the grid; drawn anew when its key changes. */
export interface Plain {
  id: string;
  key: unknown;
  node: () => HTMLElement;
}

export type Block = Panel | Plain;

const isPlain = (b: Block): b is Plain => 'key' in b;

/** Ids of panels shown as a table; survives redraws. */
const tabled = new Set<string>();
let queue: (() => void)[] = [];

interface Built {
  el: HTMLElement;
  signature: string;
}

const built = new Map<string, Built>();

function signatureOf(b: Block, world: string): string {
  if (isPlain(b)) return JSON.stringify([world, b.key]);
  return JSON.stringify([
    world,
    b.span,
    b.title,
    b.answer,
    b.scope,
    b.unit,
    b.height,
    b.caption,
    b.table?.rows,
    !!b.empty,
    b.also,
    b.table?.cols.map((c) => c.t),
  ]);
}

/**
 * Makes the grid show these blocks; what did not change stays as it is, with its canvas, scroll and focus.
 * world: what every panel depends on, such as theme, zone and width.
 */
export function reconcile(grid: HTMLElement, blocks: Block[], world: string): void {
  const focus = focusIn(grid);
  const keep = new Set(blocks.map((b) => b.id));
  for (const [id, old] of built) {
    if (keep.has(id)) continue;
    old.el.remove();
    built.delete(id);
  }
  let next = grid.firstElementChild;
  for (const block of blocks) {
    const signature = signatureOf(block, world);
    const old = built.get(block.id);
    if (old?.signature === signature && old.el.parentElement === grid) {
      if (old.el === next) next = next.nextElementSibling;
      else grid.insertBefore(old.el, next);
      continue;
    }
    const el = isPlain(block) ? block.node() : build(block);
    grid.insertBefore(el, next);
    if (old) {
      if (old.el === next) next = next.nextElementSibling;
      keepScroll(old.el, el);
      old.el.remove();
    }
    built.set(block.id, { el, signature });
  }
  while (next) {
    const after: Element | null = next.nextElementSibling;
    next.remove();
    next = after;
  }
  if (focus && !grid.contains(document.activeElement)) {
    document
      .querySelector<HTMLElement>(`#${focus} .chart, #${focus} .scroll`)
      ?.focus({ preventScroll: true });
  }
}

const focusIn = (grid: HTMLElement): string | null =>
  grid.contains(document.activeElement) ? (document.activeElement?.closest('.panel')?.id ?? null) : null;

function keepScroll(from: HTMLElement, to: HTMLElement): void {
  const was = from.querySelectorAll('.scroll');
  to.querySelectorAll('.scroll').forEach((s, i) => {
    if (was[i]) [s.scrollTop, s.scrollLeft] = [was[i].scrollTop, was[i].scrollLeft];
  });
}

/** Milliseconds of drawing before the browser may show it. */
const TURN = 30;

/** Draws what waits: `now` all at once, otherwise what can be seen first and the rest in turns. */
export function flush(now: boolean, done: () => void): void {
  const work = queue;
  queue = [];
  const turn = () => {
    const until = performance.now() + TURN;
    while (work.length && (now || performance.now() < until)) {
      work.shift()!();
      performance.mark('chart');
    }
    if (work.length) setTimeout(turn);
    else done();
  };
  turn();
}

function build(p: Panel): HTMLElement {
  const body = h('div', { class: 'body' });
  const tools = h('div', { class: 'tools' });
  const badge = p.scope ? h('span', { class: 'scope' }, p.scope) : null;
  const unit =
    p.unit || p.unitRight
      ? h('div', { class: p.unitNear ? 'unit near' : 'unit' }, h('span', null, p.unit), p.unitRight?.())
      : null;
  const el = h(
    'section',
    { 'class': `panel ${p.span}`, 'id': p.id, 'aria-labelledby': `${p.id}-h` },
    h(
      'header',
      null,
      h('h2', { id: `${p.id}-h` }, p.title, badge),
      tools,
      p.answer ? h('p', { class: 'answer' }, rich(p.answer)) : null,
    ),
    unit,
    body,
  );
  if (p.empty) {
    body.append(p.empty());
    return el;
  }
  const draw = () => fill(p, body);
  if (p.table) addTools(p, tools, body, draw);
  draw();
  return el;
}

function addTools(p: Panel, tools: HTMLElement, body: HTMLElement, draw: () => void): void {
  const saved = {
    id: p.id,
    title: p.title,
    answer: plain(p.answer ?? []),
    caption: p.caption ?? '',
    table: p.table!,
  };
  if (p.chart || p.node) {
    const button: HTMLElement = h(
      'button',
      {
        'type': 'button',
        'aria-pressed': String(tabled.has(p.id)),
        'onclick': () => {
          if (!tabled.delete(p.id)) tabled.add(p.id);
          button.setAttribute('aria-pressed', String(tabled.has(p.id)));
          draw();
          flush(true, () => {});
        },
      },
      'Table',
    );
    tools.append(button);
  }
  tools.append(
    h('button', { type: 'button', onclick: () => saveCsv(saved) }, 'CSV'),
    h('button', { type: 'button', onclick: () => savePng(saved, body) }, 'PNG'),
  );
}

/** Fills the body with the chart, the list, or the table of figures in the same space. */
function fill(p: Panel, body: HTMLElement): void {
  const was = body.clientHeight;
  const asTable = !!p.table && tabled.has(p.id);
  body.replaceChildren();
  if (p.height) {
    body.style.flex = asTable ? 'none' : p.fit ? '' : '1 0 auto';
    body.style.setProperty('--h', asTable || p.fit ? '0px' : `${p.height}px`);
  }
  body.style.height = asTable ? `${Math.max(p.height ?? 200, was)}px` : '';
  if (asTable) {
    body.append(
      h(
        'div',
        { 'class': 'scroll', 'tabindex': '0', 'role': 'group', 'aria-label': `${p.title}: table` },
        dataTable(p.table!),
      ),
    );
    return;
  }
  if (!p.chart) {
    body.append(h('div', { class: 'plainbody' }, p.node?.()));
    return;
  }
  const text = `${p.title} ${plain(p.answer ?? [])} Choose Table to read the figures.`;
  const chart = h('div', { 'class': 'chart', 'role': 'img', 'tabindex': '0', 'aria-label': text });
  if (p.layout) p.layout(body, chart);
  else body.append(chart);
  queue.push(() => chart.isConnected && p.chart!(chart));
}

/** Why a panel is empty, and the setting that would fill it. */
export function empty(title: string, why: string, setting?: string[]): () => HTMLElement {
  return () =>
    h(
      'div',
      { class: 'empty' },
      h('p', null, h('b', null, title), ' ', why),
      setting
        ? h(
            'pre',
            null,
            setting.map((line) => h('span', null, line)),
          )
        : null,
    );
}
