/** All of the data as requests per hour, with the window drawn in: drag to make, move or size it. */
import { byId, h, svg, swatch, type Child } from '../dom';
import * as F from '../format';
import { D, bucketColor, bucketName, cells, hours, opColor, opName, widthAt } from '../model';
import { set, snap, state, zoom, type Selection } from '../state';
import { counted } from '../pages/common';
import { date, fromTo, offset, weekday, when, zoneName } from '../times';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** Height of the columns. */
const H = 30;

export function strip(sel: Selection): void {
  const el = byId('strip');
  byId('span').hidden = !D.records;
  if (!D.records) return;
  const from = Math.floor(D.oldest / HOUR) * HOUR;
  const width = el.clientWidth || 1200;
  const scale: Scale = {
    from,
    to: D.end,
    width,
    px: (t) => ((t - from) / (D.end - from)) * width,
    time: (px) => from + (px / width) * (D.end - from),
  };
  const left = Math.max(0, scale.px(sel.from));
  const right = Math.min(width, scale.px(sel.to));
  const win = h('div', { class: 'w', style: { left: `${left}px`, width: `${Math.max(3, right - left)}px` } });
  const focus = (document.activeElement as HTMLElement | null)?.dataset?.side;
  el.replaceChildren(
    drawing(sel, scale),
    win,
    handle('from', sel, left, scale),
    handle('to', sel, right, scale),
  );
  if (focus) el.querySelector<HTMLElement>(`[data-side="${focus}"]`)?.focus();
  keys(el, sel);
  drag(el, win, sel, scale);
  el.ondblclick = () => set({ preset: '3h' });
  words(sel);
  chips(sel);
}

interface Scale {
  from: number;
  to: number;
  width: number;
  px: (t: number) => number;
  time: (px: number) => number;
}

/** Requests, client and server errors by hour. Cells wider than an hour are spread over it. */
function byHour(sel: Selection, s: Scale): [Float64Array, Float64Array, Float64Array] {
  const n = Math.max(1, Math.ceil((s.to - s.from) / HOUR));
  const out: [Float64Array, Float64Array, Float64Array] = [
    new Float64Array(n),
    new Float64Array(n),
    new Float64Array(n),
  ];
  const rows = sel.o ? cells : hours;
  for (let i = 0; i < rows.len; i++) {
    if ((sel.b && !sel.b.has(rows.b[i])) || (sel.o && !sel.o.has(rows.o![i]))) continue;
    const k = Math.floor((rows.t[i] - s.from) / HOUR);
    const wide = rows.o ? Math.max(1, widthAt(rows.t[i]) / 60) : 1;
    for (let j = Math.max(0, k); j < k + wide && j < n; j++) {
      out[0][j] += rows.n[i] / wide;
      out[1][j] += rows.c4[i] / wide;
      out[2][j] += rows.c5[i] / wide;
    }
  }
  return out;
}

function drawing(sel: Selection, s: Scale): SVGElement {
  const [n, c4, c5] = byHour(sel, s);
  const sorted = [...n].sort((a, z) => z - a);
  const max = Math.max(1, sorted[Math.min(3, sorted.length - 1)]); // a few peaks are cut
  const y = (v: number) => Math.min(1, v / max) * (H - 2);
  const w = s.px(s.from + HOUR);
  const path = (a: (k: number) => number, z: (k: number) => number, fill: string) => {
    let d = '';
    const wide = Math.max(0.6, w - 0.7).toFixed(1);
    for (let k = 0; k < n.length; k++) {
      const [low, high] = [a(k), z(k)];
      if (high <= low) continue;
      const tall = (high - low).toFixed(1);
      d += `M${(k * w).toFixed(1)} ${(H - low).toFixed(1)}h${wide}v-${tall}h-${wide}z`;
    }
    return svg('path', { d, fill: `var(${fill})` });
  };
  const ok = (k: number) => y(n[k] - c4[k] - c5[k]);
  const amber = (k: number) => y(n[k] - c5[k]);
  return svg(
    'svg',
    { 'viewBox': `0 0 ${s.width} 46`, 'aria-hidden': 'true' },
    svg('rect', { x: 0, y: H, width: s.width, height: 1, fill: 'var(--line)' }),
    path(() => 0, ok, '--ok'),
    path(ok, amber, '--c4xx'),
    path(amber, (k) => y(n[k]), '--c5xx'),
    ...days(s),
  );
}

function days(s: Scale): SVGElement[] {
  const out: SVGElement[] = [];
  const ahead = offset(s.to) * 60_000;
  let last = -Infinity;
  for (let t = Math.ceil((s.from + ahead) / DAY) * DAY - ahead; t < s.to; t += DAY) {
    const x = s.px(t);
    if (x - last < (s.width > 900 ? 84 : 64) || s.width - x < 72) continue;
    last = x;
    const text = svg('text', { x: Math.max(2, x + 3), y: 44, class: 'day' });
    text.textContent = s.width > 900 ? weekday(t) : date(t);
    out.push(svg('rect', { x, y: H, width: 1, height: 6, fill: 'var(--text-3)', opacity: 0.5 }), text);
  }
  return out;
}

const handle = (side: 'from' | 'to', sel: Selection, px: number, s: Scale): HTMLElement =>
  h('div', {
    'class': 'h',
    'role': 'slider',
    'tabindex': '0',
    'data-side': side,
    'style': { left: `${px}px` },
    'aria-label': side === 'from' ? 'Start of the window' : 'End of the window',
    'aria-valuemin': s.from,
    'aria-valuemax': s.to,
    'aria-valuenow': sel[side],
    'aria-valuetext': `${when(sel[side])} ${zoneName(sel[side])}`,
  });

/** Arrows on a handle: 10 minutes, with Shift an hour; never less than a cell. */
function keys(el: HTMLElement, sel: Selection): void {
  el.onkeydown = (e) => {
    const side = (e.target as HTMLElement).dataset.side;
    const dir = ({ ArrowLeft: -1, ArrowRight: 1 } as Record<string, number>)[e.key];
    if (!side || !dir) return;
    e.preventDefault();
    const step = dir * Math.max(widthAt(sel.from), e.shiftKey ? 60 : 10) * 60_000;
    const from = sel.from + (side === 'from' ? step : 0);
    const to = sel.to + (side === 'to' ? step : 0);
    if (to - from >= 60_000) zoom(from, to, false);
  };
}

function drag(el: HTMLElement, win: HTMLElement, sel: Selection, s: Scale): void {
  el.onpointerdown = (e) => {
    if (e.button) return;
    const box = el.getBoundingClientRect();
    const start = e.clientX - box.left;
    const side = (e.target as HTMLElement).dataset?.side;
    const moving = e.target === win;
    const [f0, t0] = [s.px(sel.from), s.px(sel.to)];
    let [from, to] = [f0, t0];
    let moved = false;
    el.setPointerCapture(e.pointerId);
    el.onpointermove = (m) => {
      const x = Math.max(0, Math.min(s.width, m.clientX - box.left));
      moved ||= Math.abs(x - start) > 3;
      if (!moved) return;
      if (side === 'from') from = Math.min(x, t0 - 2);
      else if (side === 'to') to = Math.max(x, f0 + 2);
      else if (moving) [from, to] = move(f0, t0, x - start, s.width);
      else [from, to] = [Math.min(start, x), Math.max(start, x)];
      Object.assign(win.style, { left: `${from}px`, width: `${to - from}px` });
      const [a, z] = snap(s.time(from), s.time(to));
      byId('shown').firstChild!.textContent = `${fromTo(a, z)} ${zoneName(a)}`;
    };
    el.onpointerup = el.onpointercancel = () => {
      el.onpointermove = el.onpointerup = el.onpointercancel = null;
      if (moved) zoom(s.time(from), s.time(to));
    };
  };
}

function move(from: number, to: number, by: number, width: number): [number, number] {
  const d = Math.max(-from, Math.min(width - to, by));
  return [from + d, to + d];
}

const CELLS: Record<number, string> = {
  1: 'minute',
  60: 'hour',
  1440: 'day',
  10080: 'week',
  40320: '4 weeks',
};

/** The window in words: "17 Nov, 13:43 to 16:43 CET  3 h, counted by the minute". */
function words(sel: Selection): void {
  const width = widthAt(sel.from);
  const byCell = !!sel.o || state.page === 'security' || state.page === 'threats';
  const by = width <= 60 || byCell ? CELLS[width] : 'hour';
  const what = byCell ? counted(sel) : '';
  byId('shown').replaceChildren(
    `${fromTo(sel.from, sel.to)} ${zoneName(sel.from)}`,
    h('small', null, `${F.span(sel.to - sel.from)}, counted by the ${by}${what && `, ${what}`}`),
  );
}

function chips(sel: Selection): void {
  const list: Child[] = [];
  if (sel.custom) list.push(chip('Zoomed in', () => set({ preset: '3h' })));
  const drop = (key: 'b' | 'o', i: number) => () => {
    const rest = new Set(state[key]);
    rest.delete(i);
    set({ [key]: rest.size ? rest : null });
  };
  for (const i of sel.b ?? []) list.push(chip(bucketName(i), drop('b', i), bucketColor(i)));
  for (const i of sel.o ?? []) list.push(chip(opName(i), drop('o', i), opColor(i)));
  const el = byId('chips');
  el.replaceChildren(h('span', { class: 'chiplist' }, list));
  el.hidden = !list.length;
}

const chip = (text: string, off: () => void, color?: string): HTMLElement =>
  h(
    'span',
    { class: 'chip' },
    color ? swatch(color) : null,
    text,
    h('button', { 'type': 'button', 'aria-label': `Remove filter ${text}`, 'onclick': off }, '×'),
  );
