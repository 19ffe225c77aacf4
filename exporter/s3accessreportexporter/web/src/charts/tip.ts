/** The tip at the pointer: DOM text, never clipped by a panel. */
import { h } from '../dom';

export interface Tip {
  title: string;
  rows?: { name: string; value: string; color?: string }[];
  sum?: [string, string] | null;
  foot?: string | null;
}

let el: HTMLElement | null = null;

export function showTip(x: number, y: number, { title, rows = [], sum, foot }: Tip): void {
  el ??= document.body.appendChild(h('div', { 'class': 'tip', 'role': 'status', 'aria-live': 'polite' }));
  const row = (name: string, value: string, color?: string, cls = 'r') =>
    h(
      'div',
      { class: cls },
      h('i', { class: 'sw', style: { background: color ?? 'transparent' } }),
      h('span', { class: 'cut' }, name),
      h('b', null, value),
    );
  el.replaceChildren(
    h('div', { class: 't' }, title),
    ...rows.map((r) => row(r.name, r.value, r.color)),
    ...(sum ? [row(sum[0], sum[1], undefined, 'r sum')] : []),
    ...(foot ? [h('div', { class: 'f' }, foot)] : []),
  );
  el.hidden = false;
  const width = el.offsetWidth;
  const height = el.offsetHeight;
  const left = x + 16 + width > innerWidth - 8 ? x - 16 - width : x + 16;
  const top = Math.min(innerHeight - height - 8, y - height / 2);
  el.style.transform = `translate(${Math.max(8, left)}px, ${Math.max(8, top)}px)`;
}

export function hideTip(): void {
  if (el) el.hidden = true;
}
