/** One popover at a time, below the button that opened it. */
import { byId, h, type Child } from '../dom';

let open: { el: HTMLElement; anchor: string } | null = null;

export function closePopover(focus: boolean): void {
  if (!open) return;
  const { el, anchor } = open;
  open = null;
  el.remove();
  if (focus) byId(anchor)?.focus();
}

/** Opens or closes; build makes its content. */
export function popover(anchor: HTMLElement, title: string, build: () => Child): void {
  const same = open?.anchor === anchor.id;
  closePopover(same);
  if (same) return;
  const el = h('div', { 'class': 'pop', 'role': 'dialog', 'aria-label': title }, build());
  document.body.append(el);
  open = { el, anchor: anchor.id };
  const r = anchor.getBoundingClientRect();
  el.style.top = `${r.bottom + 6}px`;
  el.style.left = `${Math.max(8, Math.min(innerWidth - el.offsetWidth - 8, r.right - el.offsetWidth))}px`;
  el.querySelector<HTMLElement>('input, button')?.focus();
}

/** Whether the popover has the focus: then it stays while the page is drawn anew. */
export const inPopover = (): boolean => !!open?.el.contains(document.activeElement);

addEventListener('pointerdown', (e) => {
  const target = e.target as Element;
  if (open && !open.el.contains(target) && !target.closest(`#${open.anchor}`)) closePopover(false);
});
addEventListener('keydown', (e) => {
  if (e.key === 'Escape') closePopover(true);
});
