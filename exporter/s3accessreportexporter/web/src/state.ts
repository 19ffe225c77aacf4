/** What is shown. All of it is in the fragment: #p=details&r=24h&b=a,b&o=REST.GET.OBJECT&z=utc&t=dark */
import type { PageId, Range, RangeId } from './data';
import { D, rowAt, widthAt } from './model';

export const PAGES: [PageId, string][] = [
  ['overview', 'Overview'],
  ['details', 'Details'],
  ['threats', 'Threat Intel'],
  ['security', 'Security'],
  ['top', 'Top'],
  ['latency', 'Latency'],
  ['quality', 'Data quality'],
];
export const PRESETS: [RangeId, string][] = [
  ['3h', 'Last 3 h'],
  ['24h', '24 h'],
  ['7d', '7 d'],
  ['all', 'All'],
];
export const VIEWS = [
  'world',
  'europe',
  'asia',
  'africa',
  'north-america',
  'south-america',
  'oceania',
] as const;
export type View = (typeof VIEWS)[number];

export interface State {
  page: PageId;
  /** Preset; "" when zoomed in to from..to. */
  preset: RangeId | '';
  from: number;
  to: number;
  /** Filters by index; null: all. */
  b: Set<number> | null;
  o: Set<number> | null;
  zone: 'local' | 'utc';
  theme: 'auto' | 'light' | 'dark';
  /** Order of Top. */
  order: 'n' | 'bytes';
  /** Part of the map. */
  view: View;
}

/** Window and filters. */
export interface Selection {
  from: number;
  to: number;
  b: Set<number> | null;
  o: Set<number> | null;
  preset: RangeId | '';
  /** The smallest of the four ranges that holds the window: what cannot be added up follows it. */
  range: Range;
  /** Whether it is a zoom, no preset. */
  custom: boolean;
}

export const state: State = {
  page: 'overview',
  preset: '3h',
  from: 0,
  to: 0,
  b: null,
  o: null,
  zone: 'local',
  theme: 'auto',
  order: 'n',
  view: 'world',
};

const listeners: ((was: State) => void)[] = [];
export const onChange = (f: (was: State) => void): void => {
  listeners.push(f);
};

/** Fragment of the state with some of it changed. */
export function hash(over: Partial<State> = {}): string {
  const s = { ...state, ...over };
  const out = [`p=${s.page}`];
  if (s.preset) out.push(`r=${s.preset}`);
  else out.push(`from=${minute(s.from)}`, `to=${minute(s.to)}`);
  if (s.b) out.push(`b=${names(D.buckets, s.b)}`);
  if (s.o) out.push(`o=${names(D.ops, s.o)}`);
  if (s.zone === 'utc') out.push('z=utc');
  if (s.theme !== 'auto') out.push(`t=${s.theme}`);
  if (s.order === 'bytes') out.push('m=bytes');
  if (s.view !== 'world') out.push(`g=${s.view}`);
  return `#${out.join('&')}`;
}

const minute = (t: number): string => `${new Date(t).toISOString().slice(0, 16)}Z`;
const names = (all: string[], chosen: Set<number>): string =>
  [...chosen].map((i) => encodeURIComponent(all[i])).join(',');

/** Reads the fragment; what makes no sense is left at its default. */
export function read(): void {
  const q = new Map(
    location.hash
      .slice(1)
      .split('&')
      .map((kv): [string, string] => {
        const i = kv.indexOf('=');
        return i < 0 ? [kv, ''] : [kv.slice(0, i), kv.slice(i + 1)];
      }),
  );
  const get = (key: string): string => q.get(key) ?? '';
  state.page = PAGES.find(([p]) => p === get('p'))?.[0] ?? 'overview';
  state.from = Date.parse(get('from')) || 0;
  state.to = Date.parse(get('to')) || 0;
  const zoomed = state.from > 0 && state.from < state.to && state.from < D.end && state.to > D.start;
  state.preset = PRESETS.find(([r]) => r === get('r'))?.[0] ?? (zoomed ? '' : '3h');
  state.b = indexes(D.buckets, get('b'));
  state.o = indexes(D.ops, get('o'));
  state.zone = get('z') === 'utc' ? 'utc' : 'local';
  const theme = get('t');
  state.theme = theme === 'dark' || theme === 'light' ? theme : 'auto';
  state.order = get('m') === 'bytes' ? 'bytes' : 'n';
  state.view = VIEWS.find((v) => v === get('g')) ?? 'world';
}

function indexes(all: string[], text: string): Set<number> | null {
  if (!text) return null;
  const found = text
    .split(',')
    .map(decode)
    .map((n) => all.indexOf(n))
    .filter((i) => i >= 0);
  return found.length ? new Set(found) : null;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Changes the state; with `push` the back button undoes it. */
export function set(over: Partial<State>, push = true): void {
  const was = { ...state };
  Object.assign(state, over);
  history[push ? 'pushState' : 'replaceState'](null, '', hash());
  for (const f of listeners) f(was);
}

/** Filter by one bucket or operation; again: clear. */
export function toggle(key: 'b' | 'o', i: number): void {
  if (i < 0) return;
  const only = state[key]?.size === 1 && state[key].has(i);
  set({ [key]: only ? null : new Set([i]) });
}

/** Ends lie on ends of minutes or hours, whichever are counted; All is all there is. */
export function selection(): Selection {
  const { preset, b, o } = state;
  if (preset) {
    const range = D.ranges.find((r) => r.id === preset)!;
    const begin = preset === 'all' ? Math.max(D.start, range.since) : range.from;
    return { from: rowAt(begin, 60)[0], to: D.end, b, o, preset, range, custom: false };
  }
  const [from] = rowAt(Math.max(D.start, state.from), 60);
  const to = Math.min(D.end, rowAt(state.to - 1, 60)[1]);
  const range = D.ranges.find((r) => from >= r.from) ?? D.ranges[D.ranges.length - 1];
  return { from, to, b, o, preset, range, custom: true };
}

/** A window is snapped to the cells in it. */
export function snap(a: number, z: number): [number, number] {
  const w = widthAt(Math.min(a, z)) * 60_000;
  a = Math.floor(a / w) * w;
  z = Math.ceil(z / w) * w;
  if (z - a < w) z = a + w;
  return [Math.max(D.start, a), Math.min(D.end, z)];
}

/** Zooms in to a window that is snapped. */
export function zoom(a: number, z: number, push = true): void {
  const [from, to] = snap(a, z);
  if (from < to) set({ preset: '', from, to }, push);
}
