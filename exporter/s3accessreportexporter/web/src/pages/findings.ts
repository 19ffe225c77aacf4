/** What stands out? The findings are made in Go for the four ranges. */
import type { Finding, Part } from '../data';
import { css, h } from '../dom';
import { D } from '../model';
import type { Panel } from '../panel';
import { hash, type Selection, type State } from '../state';
import { fromTo, when } from '../times';
import { caption, here, rangeName } from './common';

const COLORS: Record<Finding['kind'], string> = {
  errors: '--c5xx',
  denied: '--denied',
  threats: '--threat-high',
  growth: '--write-2',
  deletions: '--delete-1',
  tls: '--config-1',
};

const words = (parts: Part[]): string =>
  parts
    .map((p) => (typeof p === 'string' ? p : typeof p === 'number' ? when(p) : fromTo(p[0], p[1])))
    .join('');

function link(f: Finding): string {
  const over: Partial<State> = { page: f.page };
  if (f.from !== undefined && f.to !== undefined) {
    Object.assign(over, { preset: '', from: Math.max(D.start, f.from), to: Math.min(D.end, f.to) });
  }
  if (f.b !== undefined && f.b >= 0) over.b = new Set([f.b]);
  if (f.o !== undefined && f.o >= 0) over.o = new Set([f.o]);
  return hash(over);
}

export function findingsPanel(sel: Selection): Panel {
  const found = sel.range.findings;
  const filtered = sel.custom || sel.b || sel.o;
  const scope = `${rangeName(sel.range)}${filtered ? ', neither zoom nor filters' : ''}`;
  const all = `the ${rangeName(sel.range)}`.replace('the all data', 'all of the data');
  return {
    id: 'stands-out',
    span: 'c5',
    title: 'What stands out?',
    scope,
    caption: caption(sel),
    also: here(),
    answer: [`In ${all}, over all buckets and operations.`],
    table: {
      cols: [{ t: 'What' }, { t: 'Details' }],
      rows: found.map((f) => [words(f.title), words(f.text)]),
    },
    node: () => (found.length ? h('ul', { class: 'found' }, found.map(item)) : calm()),
  };
}

const item = (f: Finding): HTMLElement =>
  h(
    'li',
    null,
    h('i', { style: { background: css(COLORS[f.kind] ?? '--config-1') } }),
    h(
      'div',
      null,
      h('p', null, h('b', null, words(f.title))),
      h('p', null, words(f.text), ' ', h('a', { class: 'go', href: link(f) }, f.link)),
    ),
  );

const calm = (): HTMLElement =>
  h(
    'p',
    { class: 'calm' },
    'Nothing out of the ordinary: no burst of errors, denials, deletions or threat matches in this range.',
  );
