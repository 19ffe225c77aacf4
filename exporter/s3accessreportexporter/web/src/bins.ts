/** Bins of time for charts. */
import { D, widthAt } from './model';
import type { Selection } from './state';
import { fromTo, offset, zoneName } from './times';

const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 10_080, 20_160, 43_200];

export interface Bins {
  /** Width in minutes and in ms. */
  step: number;
  width: number;
  n: number;
  first: number;
  last: number;
  /** Begin and middle of each. */
  at: number[];
  mid: number[];
  /** Whether days are days of UTC though another zone is shown: cells are a day wide. */
  utcDays: boolean;
  /** '' or which end of the data lies inside bin i. */
  partial: (i: number) => '' | 'first' | 'last';
  index: (t: number) => number;
}

/** Width in minutes of the finest rows for a selection: rows by hour know no operation. */
export function finest(sel: Pick<Selection, 'from' | 'o'>): number {
  const width = widthAt(sel.from);
  return width > 60 && !sel.o ? 60 : width;
}

/** Bins of a window: never finer than the rows in it, at most about `target` of them. */
export function bins(sel: Selection, target: number, from = sel.from, to = sel.to, cells?: number): Bins {
  const fine = cells ?? finest({ from, o: sel.o });
  from = Math.floor(from / (fine * 60_000)) * fine * 60_000;
  const minutes = (to - from) / 60_000;
  const step = STEPS.find((s) => s >= fine && minutes / s <= target) ?? STEPS[STEPS.length - 1];
  const width = step * 60_000;
  // Hours and days begin where the viewer's do, if the rows can be told apart there. Bins below an hour
  // are aligned to the end of the window, so that none is cut.
  const ahead = offset(to) * 60_000;
  const local = step > 60 && ahead % (fine * 60_000) === 0 ? ahead : 0;
  const last = step < 60 ? to : Math.ceil((to + local) / width) * width - local;
  const n = Math.max(1, Math.ceil((last - from) / width));
  const first = last - n * width;
  const at = Array.from({ length: n }, (_, i) => first + i * width);
  return {
    step,
    width,
    n,
    first,
    last,
    at,
    mid: at.map((t) => t + width / 2),
    utcDays: step >= 1440 && ahead !== 0 && local === 0,
    partial: (i) => (at[i] < from ? 'first' : at[i] + width > D.end ? 'last' : ''),
    index: (t) => Math.floor((t - first) / width),
  };
}

/** Bins of what is counted in cells only, whatever the filters: security, threats. */
export const cellBins = (sel: Selection, target: number): Bins =>
  bins(sel, target, sel.from, sel.to, widthAt(sel.from));

export const zeros = (n: number): number[] => new Array<number>(n).fill(0);

/** Bin i in words. */
export const binName = (B: Bins, i: number): string =>
  `${fromTo(B.at[i], B.at[i] + B.width)} ${zoneName(B.at[i])}`;
