/** The only place that makes elements. Text is always textContent; there is no innerHTML anywhere. */

export type Child = Node | string | number | null | undefined | false | Child[];

export interface Props {
  class?: string | null;
  style?: Partial<CSSStyleDeclaration>;
  onclick?: (e: MouseEvent) => void;
  onchange?: (e: Event) => void;
  /** Attributes; null, undefined and false leave one out. */
  [name: string]: unknown;
}

/** Text with control, line-separator and bidi characters spelled out as \u{..}. */
export const show = (text: unknown): string =>
  String(text).replace(
    /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g,
    (c) => `\\u{${c.codePointAt(0)!.toString(16)}}`,
  );

export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  props: Props | null,
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const el = document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) set(el, name, value);
  append(el, children);
  return el;
}

/** Element of an SVG. */
export function svg(tag: string, attrs: Record<string, string | number>, ...children: Node[]): SVGElement {
  const el = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attrs)) {
    if (name === 'fill') el.style.fill = String(value);
    else el.setAttribute(name, String(value));
  }
  el.append(...children);
  return el;
}

function set(el: HTMLElement, name: string, value: unknown): void {
  if (value === undefined || value === null || value === false) return;
  if (name.startsWith('on')) el.addEventListener(name.slice(2), value as EventListener);
  else if (name === 'style')
    Object.assign(el.style, value); // CSSOM: allowed without 'unsafe-inline'
  else if (name === 'class') el.className = String(value);
  else el.setAttribute(name, value === true ? '' : show(value));
}

function append(el: Element, children: Child[]): void {
  for (const c of children) {
    if (c === null || c === undefined || c === false) continue;
    if (Array.isArray(c)) append(el, c);
    else el.append(c instanceof Node ? c : document.createTextNode(show(c)));
  }
}

/** Element of the template. */
export const byId = (id: string): HTMLElement => document.getElementById(id)!;

// Asking the browser costs a new layout each time, after any change.
const tokens = new Map<string, string>();

/** Forgets the tokens' values: call it when the theme changes. */
export const forgetTokens = (): void => tokens.clear();

function token(name: string, get: () => string): string {
  let v = tokens.get(name);
  if (v === undefined) tokens.set(name, (v = get()));
  return v;
}

/** Value of a design token, such as `--text`. */
export const css = (name: string): string =>
  token(name, () => getComputedStyle(document.documentElement).getPropertyValue(name).trim());

/** Face of the text, for canvases. */
export const face = (): string => token('face', () => getComputedStyle(document.body).fontFamily);

export const swatch = (color: string): HTMLElement => h('i', { class: 'sw', style: { background: color } });

/** Text with some of it strong. */
export type Rich = (string | { b: string })[];

export const b = (text: string): { b: string } => ({ b: text });

export const rich = (text: Rich): Child[] => text.map((t) => (typeof t === 'string' ? t : h('b', null, t.b)));

export const plain = (text: Rich): string => text.map((t) => (typeof t === 'string' ? t : t.b)).join('');

let ruler: CanvasRenderingContext2D | null = null;

/** Width in px of a text at 12 px. */
export function measure(text: string): number {
  ruler ??= document.createElement('canvas').getContext('2d')!;
  ruler.font = `12px ${face()}`;
  return ruler.measureText(show(text)).width;
}

/** A text of at most `width` px, shortened in the middle: names differ at their ends. */
export function middle(text: string, width: number): string {
  const t = show(text);
  if (measure(t) <= width) return t;
  let keep = t.length - 1;
  let cut = t;
  do {
    const head = Math.ceil(keep / 2);
    cut = `${t.slice(0, head)}…${t.slice(t.length - (keep - head))}`;
    keep--;
  } while (keep > 2 && measure(cut) > width);
  return cut;
}

/** The same by characters. */
export function short(text: string, max: number): string {
  const t = show(text);
  if (t.length <= max) return t;
  const head = Math.ceil((max - 1) / 2);
  return `${t.slice(0, head)}…${t.slice(t.length - (max - 1 - head))}`;
}
