/** Light or dark, and always light on paper. */
import { forgetTokens } from '../dom';
import { state } from '../state';

const dark = matchMedia('(prefers-color-scheme: dark)');
let paper = false;

export const printing = (): boolean => paper;

export function applyTheme(): void {
  forgetTokens();
  const auto = dark.matches ? 'dark' : 'light';
  document.documentElement.dataset.theme = paper ? 'light' : state.theme === 'auto' ? auto : state.theme;
}

/** Calls f when the system's theme changes. While printing a dark one turns light: that is no change. */
export function onSystemTheme(f: () => void): void {
  dark.addEventListener('change', () => {
    if (state.theme === 'auto' && !paper) f();
  });
}

/** Prints the open page, laid out at the width of the paper. redraw must draw at once. */
export function onPrint(redraw: () => void): void {
  const turn = (on: boolean) => {
    if (on === paper) return;
    paper = on;
    document.body.style.width = on ? '1371px' : '';
    redraw();
  };
  addEventListener('beforeprint', () => turn(true));
  addEventListener('afterprint', () => turn(false));
}
