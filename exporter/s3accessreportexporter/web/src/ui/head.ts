/** The heading with facts and switches, and the bar with pages, range and filters. */
import { byId, h, show, svg, swatch, type Child } from '../dom';
import * as F from '../format';
import { threats } from '../lists';
import { D, bucketColor, bucketName, bucketRank, opColor, opName, opRank } from '../model';
import { by } from '../query';
import { PAGES, PRESETS, hash, selection, set, state, zoom, type Selection } from '../state';
import { clockSeconds, date, dateYear, isUTC, localZone, setZone, zoneName } from '../times';
import { closePopover, popover } from './popover';

export function head(sel: Selection): void {
  setZone(state.zone === 'utc');
  const page = PAGES.find(([p]) => p === state.page)![1];
  document.title = show(`${page} · ${D.title}`);
  byId('title').textContent = show(D.title);
  facts();
  const local = localZone(D.newest || D.written);
  byId('switches').replaceChildren(
    segment(
      'Time zone',
      [
        ['local', local === 'UTC' ? 'Local' : local],
        ['utc', 'UTC'],
      ],
      state.zone,
      (zone) => set({ zone }, false),
    ),
    segment(
      'Theme',
      [
        ['auto', 'Auto'],
        ['light', 'Light'],
        ['dark', 'Dark'],
      ],
      state.theme,
      (theme) => set({ theme }, false),
    ),
  );
  tabs(sel);
  filters();
}

let live = '';

/** Words about the last refresh; "" in a file. */
export function setLive(words: string): void {
  live = words;
  const el = document.getElementById('live');
  if (el) el.textContent = words;
}

function facts(): void {
  const bad = D.quality.malformed;
  const age = F.span(Math.max(0, D.written - D.newest));
  const newest = [
    'newest ',
    h('b', null, `${clockSeconds(D.newest)} ${zoneName(D.newest)}`),
    `, ${age} before this was written`,
  ];
  const list: Child[] = [
    h('span', null, h('b', null, F.count(D.records)), ' records'),
    D.newest ? h('span', null, `${date(D.oldest)} to ${dateYear(D.newest)}`) : null,
    D.newest ? h('span', null, newest) : null,
    h('span', { id: 'live' }, live),
    bad
      ? h(
          'a',
          { class: 'warn', href: hash({ page: 'quality' }) },
          `${F.plural(bad, 'line')} could not be read`,
        )
      : null,
  ];
  byId('facts').replaceChildren(h('span', { class: 'facts' }, list));
}

function segment<T extends string>(
  label: string,
  options: [T, string][],
  current: T,
  pick: (v: T) => void,
): HTMLElement {
  return h(
    'div',
    { 'class': 'seg', 'role': 'group', 'aria-label': label },
    options.map(([v, name]) =>
      h(
        'button',
        {
          'type': 'button',
          'aria-pressed': String(v === current),
          'data-v': v,
          'onclick': () => pick(v),
        },
        name,
      ),
    ),
  );
}

function tabs(sel: Selection): void {
  const clients = new Set(threats(sel).map((t) => t.client)).size;
  const count = clients
    ? h('span', { class: 'count', title: `${F.plural(clients, 'client')} on a threat feed` }, clients)
    : null;
  byId('tabs').replaceChildren(
    ...PAGES.map(([page, name]) =>
      h(
        'a',
        {
          'href': hash({ page }),
          'aria-current': state.page === page ? 'page' : null,
        },
        name,
        page === 'threats' ? count : null,
      ),
    ),
  );
  showCurrent(byId('tabs'));
}

/** Scrolls the open page's tab into the bar where the bar is too narrow for all. */
function showCurrent(bar: HTMLElement): void {
  const tab = bar.querySelector<HTMLElement>('[aria-current]');
  if (!tab) return;
  const [at, room] = [tab.getBoundingClientRect(), bar.getBoundingClientRect()];
  bar.scrollLeft += (at.left + at.right - room.left - room.right) / 2;
}

function filters(): void {
  const focus = document.activeElement?.id;
  const chosen = (s: Set<number> | null) => (s ? String(s.size) : null);
  byId('filters').replaceChildren(
    segment('Range', PRESETS, state.preset, (preset) => set({ preset })),
    button('f-range', 'From, to', null, !state.preset, dates),
    button('f-b', 'Bucket', chosen(state.b), !!state.b, () =>
      choose('b', bucketRank, bucketName, bucketColor),
    ),
    button('f-o', 'Operation', chosen(state.o), !!state.o, () => choose('o', opRank, opName, opColor)),
  );
  if (focus?.startsWith('f-')) byId(focus)?.focus();
}

function button(
  id: string,
  name: string,
  value: string | null,
  on: boolean,
  build: () => Child,
): HTMLElement {
  const caret = svg(
    'svg',
    { 'width': 10, 'height': 10, 'viewBox': '0 0 10 10', 'aria-hidden': 'true' },
    svg('path', { 'd': 'M2 3.5 5 6.5 8 3.5', 'fill': 'none', 'stroke': 'currentColor', 'stroke-width': 1.4 }),
  );
  return h(
    'button',
    {
      'type': 'button',
      id,
      'class': on ? 'btn on' : 'btn',
      'aria-haspopup': 'dialog',
      'onclick': (e: MouseEvent) => popover(e.currentTarget as HTMLElement, name, build),
    },
    name,
    value ? [' ', h('span', { class: 'v' }, value)] : null,
    caret,
  );
}

/** Checkboxes with counts in the range; they stay open while one chooses. */
function choose(
  key: 'b' | 'o',
  order: number[],
  name: (i: number) => string,
  color: (i: number) => string,
): Child {
  const sums = by({ ...selection(), [key]: null }, key);
  const chosen = new Set(state[key] ?? []);
  const list = [...order].sort((a, z) => (sums.get(z)?.n ?? 0) - (sums.get(a)?.n ?? 0));
  const apply = () => set({ [key]: chosen.size && chosen.size < order.length ? new Set(chosen) : null });
  const option = (i: number) => {
    const box = h('input', {
      type: 'checkbox',
      onchange: () => {
        if (!chosen.delete(i)) chosen.add(i);
        apply();
      },
    });
    box.checked = chosen.has(i);
    return h(
      'label',
      { class: 'opt' },
      box,
      swatch(color(i)),
      h('span', { class: 'cut' }, name(i)),
      h('span', { class: 'n' }, F.count(sums.get(i)?.n ?? 0)),
    );
  };
  const clear = () => {
    closePopover(true);
    set({ [key]: null });
  };
  return [
    h('div', { class: 'options' }, list.map(option)),
    h(
      'div',
      { class: 'row' },
      h('button', { type: 'button', onclick: clear }, 'Clear'),
      h('button', { type: 'button', onclick: () => closePopover(true) }, 'Done'),
    ),
  ];
}

/** Two date fields: the keyboard's way to zoom. */
function dates(): Child {
  const sel = selection();
  const ahead = (t: number) => (isUTC() ? 0 : new Date(t).getTimezoneOffset() * 60_000);
  const field = (t: number) =>
    h('input', {
      type: 'datetime-local',
      value: new Date(t - ahead(t)).toISOString().slice(0, 16),
    });
  const parse = (text: string) => Date.parse(isUTC() ? `${text}Z` : text);
  const from = field(sel.from);
  const to = field(sel.to);
  const apply = () => {
    const [a, z] = [parse(from.value), parse(to.value)];
    closePopover(true);
    if (a < z) zoom(a, z);
  };
  const back = () => {
    closePopover(true);
    set({ preset: '3h' });
  };
  return [
    h('label', { class: 'field' }, `From (${zoneName(sel.from)})`, from),
    h('label', { class: 'field' }, 'To', to),
    h(
      'div',
      { class: 'row' },
      h('button', { type: 'button', onclick: back }, 'Last 3 h'),
      h('button', { type: 'button', onclick: apply }, 'Show'),
    ),
  ];
}
