/** Reading and zooming a time chart: one line through all time charts of the page, one tip at the pointer. */
import { binName, type Bins } from '../bins';
import { css, h } from '../dom';
import * as F from '../format';
import { set, snap, zoom } from '../state';
import { fromTo, zoneName } from '../times';
import { hideTip, showTip, type Tip } from './tip';
import { PAD, type Group, type TimeChart } from './time';

/** A group at its place. */
export interface Plot {
  group: Group;
  top: number;
  height: number;
}

const lines = new Map<HTMLElement, (t: number | null) => void>();

function drawLines(t: number | null): void {
  for (const [el, line] of lines) {
    if (el.isConnected) line(t);
    else lines.delete(el);
  }
}

export function hover(el: HTMLElement, c: TimeChart, top: number, plots: Plot[]): void {
  const { B } = c;
  const cross = el.appendChild(
    h('div', {
      class: 'cross',
      hidden: true,
      style: { top: `${top}px`, bottom: `${PAD.bottom}px`, background: css('--text-3') },
    }),
  );
  const scale = scaleOf(el, B);
  lines.set(el, (t) => {
    cross.hidden = t === null;
    if (t !== null) cross.style.left = `${scale.px(t)}px`;
  });
  let at = -1;
  const read = (i: number, x: number, y: number) => {
    at = i;
    drawLines(B.mid[i]);
    showTip(x, y, tipOf(c, plots, i));
  };
  const out = () => {
    at = -1;
    drawLines(null);
    hideTip();
  };
  pointer(el, B, scale, top, read, out);
  el.addEventListener('dblclick', () => set({ preset: '3h' }));
  el.addEventListener('blur', out);
  el.addEventListener('keydown', (e) => {
    const step = ({ ArrowLeft: -1, ArrowRight: 1, Home: -1e6, End: 1e6 } as Record<string, number>)[e.key];
    if (step) {
      e.preventDefault();
      const from = at < 0 ? (step > 0 ? -1 : B.n) : at;
      const i = Math.max(0, Math.min(B.n - 1, from + step));
      const r = el.getBoundingClientRect();
      read(i, r.left + scale.px(B.mid[i]), r.top + 30);
    } else if (e.key === 'Enter' && at >= 0) {
      const i = at;
      out();
      zoom(B.at[i], B.at[i] + B.width);
    } else if (e.key === 'Escape') {
      out();
    }
  });
}

interface Scale {
  px: (t: number) => number;
  time: (px: number) => number;
  clamp: (px: number) => number;
}

function scaleOf(el: HTMLElement, B: Bins): Scale {
  const width = () => el.clientWidth - PAD.left - PAD.right;
  return {
    px: (t) => PAD.left + ((t - B.first) / (B.last - B.first)) * width(),
    time: (px) => B.first + ((px - PAD.left) / width()) * (B.last - B.first),
    clamp: (px) => Math.max(PAD.left, Math.min(el.clientWidth - PAD.right, px)),
  };
}

function tipOf(c: TimeChart, plots: Plot[], i: number): Tip {
  const { B, value = F.count } = c;
  const series = plots.flatMap((p) =>
    p.group.series.map((s) => ({
      name: plots.length > 1 ? `${p.group.name} ${s.name}` : s.name,
      color: s.color,
      v: s.data[i],
    })),
  );
  const few = series.length < 4;
  const rows = series
    .filter((r): r is typeof r & { v: number } => r.v !== null && (r.v > 0 || few))
    .sort((a, z) => z.v - a.v);
  const partial = B.partial(i);
  const sum = rows.reduce((a, r) => a + r.v, 0);
  const inside = `Incomplete: the data ${partial === 'last' ? 'end' : 'begin'} inside`;
  return {
    title: binName(B, i),
    rows: rows.slice(0, 9).map((r) => ({ name: r.name, color: r.color, value: value(r.v) })),
    sum: c.kind !== 'line' && rows.length > 1 ? ['Total', value(sum)] : null,
    foot: !rows.length ? 'Nothing in this time' : partial ? inside : null,
  };
}

/** Drag: zoom. A pointer that only moves reads; a tap of a finger too. */
function pointer(
  el: HTMLElement,
  B: Bins,
  scale: Scale,
  top: number,
  read: (i: number, x: number, y: number) => void,
  out: () => void,
): void {
  let start: number | null = null;
  let box: HTMLElement | null = null;
  const xOf = (e: PointerEvent) => scale.clamp(e.clientX - el.getBoundingClientRect().left);
  const readAt = (e: PointerEvent) => {
    const i = B.index(scale.time(xOf(e)));
    if (i >= 0 && i < B.n) read(i, e.clientX, e.clientY);
  };
  el.addEventListener('pointermove', (e) => {
    if (start === null) {
      if (e.pointerType !== 'touch') readAt(e);
      return;
    }
    const x = xOf(e);
    const [a, z] = [Math.min(x, start), Math.max(x, start)];
    box ??= el.appendChild(h('div', { class: 'sel', style: { top: `${top}px`, bottom: `${PAD.bottom}px` } }));
    Object.assign(box.style, { left: `${a}px`, width: `${z - a}px` });
    const [from, to] = snap(scale.time(a), scale.time(z));
    showTip(e.clientX, e.clientY, {
      title: `${fromTo(from, to)} ${zoneName(from)}`,
      foot: 'Release to zoom in',
    });
  });
  el.addEventListener('pointerleave', () => {
    if (start === null) out();
  });
  el.addEventListener('pointerdown', (e) => {
    if (e.button || e.pointerType === 'touch') return;
    const x = e.clientX - el.getBoundingClientRect().left;
    if (x !== scale.clamp(x)) return;
    start = x;
    el.setPointerCapture(e.pointerId);
  });
  const drop = () => {
    start = null;
    box?.remove();
    box = null;
  };
  el.addEventListener('pointercancel', drop);
  el.addEventListener('pointerup', (e) => {
    if (start === null) {
      if (e.pointerType === 'touch') readAt(e);
      return;
    }
    const [a, z] = [Math.min(xOf(e), start), Math.max(xOf(e), start)];
    drop();
    if (z - a <= 5) return;
    out();
    zoom(scale.time(a), scale.time(z));
  });
}
