/** Start: unpack, read the fragment, draw; then draw again what changes. */
import { sweep } from './charts/base';
import { setWorld } from './charts/map';
import { hideTip } from './charts/tip';
import type { Data, PageId } from './data';
import { byId, h, type Child } from './dom';
import { loadData, loadWorld } from './load';
import { D, bucketName, bucketRank, install, opName } from './model';
import { flush, reconcile, type Block } from './panel';
import type { Page } from './pages/common';
import { details } from './pages/details';
import { latency } from './pages/latency';
import { overview } from './pages/overview';
import { quality } from './pages/quality';
import { security } from './pages/security';
import { threats } from './pages/threats';
import { top } from './pages/top';
import { totals } from './query';
import { onChange, read, selection, set, state, type Selection } from './state';
import { clockSeconds, fromTo, when, zoneName } from './times';
import { head, setLive } from './ui/head';
import { interval, watch } from './ui/live';
import { closePopover, inPopover } from './ui/popover';
import { strip } from './ui/strip';
import { applyTheme, onPrint, onSystemTheme, printing } from './ui/theme';

interface TrustedTypes {
  createPolicy(name: string, rules: { createHTML: (text: string) => string | null }): unknown;
}

// The browser refuses any string as markup but the empty one, with which ECharts clears its container.
(globalThis as { trustedTypes?: TrustedTypes }).trustedTypes?.createPolicy('default', {
  createHTML: (text) => (text === '' ? '' : null),
});

const RENDER: Record<PageId, Page> = { overview, details, threats, security, top, latency, quality };

/** Set on the root element when everything is drawn; gone while drawing. */
const DRAWN = 'drawn';
let generation = 0;

function drawAll(): void {
  const mine = ++generation;
  delete document.documentElement.dataset[DRAWN];
  applyTheme();
  const sel = selection();
  head(sel);
  strip(sel);
  const { theme } = document.documentElement.dataset;
  const world = [theme, state.zone, printing(), innerWidth, bucketRank].join();
  reconcile(byId('page'), blocks(sel), world);
  foot();
  flush(printing(), () => {
    sweep();
    if (mine !== generation) return;
    document.documentElement.dataset[DRAWN] = String(generation);
    if (mine === 1) performance.mark('drawn');
  });
}

function blocks(sel: Selection): Block[] {
  if (!D.records) return state.page === 'quality' ? RENDER.quality(sel) : [nothingYet()];
  if (state.page !== 'quality' && !totals(sel).n) return [nothing(sel)];
  return RENDER[state.page](sel);
}

const nothingYet = (): Block => ({
  id: 'nothing-yet',
  span: 'c12',
  title: 'No record yet',
  empty: () =>
    h(
      'div',
      { class: 'empty' },
      h(
        'p',
        null,
        'The exporter was given no S3 access log record. Put it into a logs pipeline with the receiver:',
      ),
      h(
        'pre',
        null,
        [
          'service:',
          '  pipelines:',
          '    logs:',
          '      receivers: [s3_access_logs]',
          '      exporters: [s3_access_report]',
        ].map((line) => h('span', null, line)),
      ),
    ),
});

/** One notice in place of a page of empty charts. */
function nothing(sel: Selection): Block {
  const chosen = (ids: Set<number> | null, name: (i: number) => string) =>
    ids ? [[...ids].map(name).join(', ')] : [];
  const what = [...chosen(sel.b, bucketName), ...chosen(sel.o, opName)].join(' with ');
  const when0 = fromTo(sel.from, sel.to);
  const button = (text: string, onclick: () => void) =>
    h('button', { type: 'button', class: 'btn', onclick }, text);
  const buttons: Child[] = [
    sel.b || sel.o ? button('Clear the filters', () => set({ b: null, o: null })) : null,
    sel.preset !== 'all' ? button('Show all of the data', () => set({ preset: 'all' })) : null,
  ];
  return {
    id: 'nothing',
    span: 'c12',
    title: 'No request matches',
    also: [what, when0, sel.preset],
    empty: () =>
      h(
        'div',
        { class: 'empty' },
        h('p', null, what ? `${what}: nothing from ${when0}.` : `No record from ${when0}.`),
        h('div', { class: 'buttons' }, buttons),
      ),
  };
}

function foot(): void {
  const hint = 'Drag on a chart to zoom, click a bucket or an operation to filter, double click to go back';
  const away = interval()
    ? 'Nothing on this page is loaded from elsewhere'
    : 'Nothing on this page leaves your browser';
  byId('foot').replaceChildren(
    h('span', null, `Written ${when(D.written)} ${zoneName(D.written)}`),
    h('span', { class: 'hint' }, hint),
    h('span', null, away),
  );
}

/** New data in place of the old: fragment, tables, scroll and open popovers stay. */
function refresh(data: Data): void {
  const chosen = (ids: Set<number> | null, names: string[]) => ids && [...ids].map((i) => names[i]);
  const [b, o] = [chosen(state.b, D.buckets), chosen(state.o, D.ops)];
  install(data);
  const again = (names: string[] | null, all: string[]) => {
    const found = (names ?? []).map((n) => all.indexOf(n)).filter((i) => i >= 0);
    return found.length ? new Set(found) : null;
  };
  state.b = again(b, data.buckets);
  state.o = again(o, data.ops);
  drawAll();
}

function toPage(was: PageId, y: number): void {
  const bar = byId('bar');
  scrollTo(0, was === state.page ? y : Math.min(y, bar.offsetTop));
}

function listen(): void {
  onChange((was) => {
    if (!inPopover()) closePopover(false);
    const y = scrollY;
    drawAll();
    toPage(was.page, y);
  });
  addEventListener('popstate', () => {
    const was = state.page;
    const y = scrollY;
    read();
    drawAll();
    toPage(was, y);
  });
  onSystemTheme(drawAll);
  onPrint(drawAll);
  let width = innerWidth;
  let timer = 0;
  addEventListener('resize', () => {
    if (innerWidth === width || printing()) return;
    width = innerWidth;
    clearTimeout(timer);
    timer = window.setTimeout(drawAll, 120);
  });
  addEventListener('scroll', hideTip, { passive: true });
}

function failed(e: unknown): void {
  byId('page').replaceChildren(
    h(
      'section',
      { class: 'panel c12' },
      h('h2', null, 'This report cannot be shown'),
      h('p', { class: 'calm' }, e instanceof Error ? e.message : String(e)),
    ),
  );
}

async function start(): Promise<void> {
  const [data, world] = await Promise.all([loadData(), loadWorld()]);
  performance.mark('unpacked');
  install(data);
  setWorld(world);
  read();
  drawAll();
  listen();
  watch(refresh, (ok) =>
    setLive(
      ok
        ? `Live, refreshed ${clockSeconds(Date.now())}`
        : `No answer at ${clockSeconds(Date.now())}, trying again`,
    ),
  );
}

start().catch(failed);
