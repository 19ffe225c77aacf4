/** Numbers, bytes and durations in words. */

const grouped = new Intl.NumberFormat('en-US');
const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

/** 12,345. */
export const count = (n: number): string => grouped.format(Math.round(n));

/** 10k, for axes. */
export function short(n: number): string {
  if (n >= 1e9) return `${trim(n / 1e9)}G`;
  if (n >= 1e6) return `${trim(n / 1e6)}M`;
  if (n >= 1e4) return `${trim(n / 1e3)}k`;
  return count(n);
}

const trim = (x: number): string => (x >= 100 ? x.toFixed(0) : x.toFixed(1).replace(/\.0$/, ''));
const three = (x: number): string => (x >= 100 ? x.toFixed(0) : x >= 10 ? x.toFixed(1) : x.toFixed(2));

export const plural = (n: number, one: string, many = `${one}s`): string =>
  `${count(n)} ${n === 1 ? one : many}`;

/** Figure and binary unit, three digits. */
export function bytesParts(n: number): [string, string] {
  let i = 0;
  for (; n >= 1000 && i < UNITS.length - 1; i++) n /= 1024;
  return [i ? three(n) : count(n), UNITS[i]];
}

/** 1.41 GiB. */
export const bytes = (n: number): string => bytesParts(n).join(' ');

/** Divisor and unit for an axis up to max. */
export function bytesAxis(max: number): { div: number; unit: string } {
  let i = 0;
  for (; max >= 1000 && i < UNITS.length - 1; i++) max /= 1024;
  return { div: 1024 ** i, unit: UNITS[i] };
}

/** Mebibytes as the vendor's panels list them (its MB is 1,048,576 bytes). */
export function mib(n: number): string {
  const v = n / 1048576;
  const digits = v === 0 || v >= 100 ? 0 : v >= 10 ? 1 : 2;
  return v.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** Figure and unit of a duration in ms. */
export function durationParts(ms: number): [string, string] {
  if (ms < 10) return [ms.toFixed(1).replace(/\.0$/, ''), 'ms'];
  if (ms < 1000) return [ms.toFixed(0), 'ms'];
  if (ms < 60_000) return [(ms / 1000).toFixed(ms < 10_000 ? 2 : 1), 's'];
  return [(ms / 60_000).toFixed(1), 'min'];
}

/** 38 ms, 3.70 s. */
export const duration = (ms: number): string => durationParts(ms).join(' ');

export const durationAxis = (ms: number): string =>
  ms < 1000 ? `${+ms.toPrecision(3)} ms` : `${+(ms / 1000).toPrecision(3)} s`;

/** 4.2%, 31%, < 0.1%. */
export function percent(x: number): string {
  if (!Number.isFinite(x)) return '–';
  if (x === 0) return '0%';
  if (x < 0.001) return '< 0.1%';
  return `${(x * 100).toFixed(x < 0.0995 ? 1 : 0)}%`;
}

/** x5.0, x12. */
export const times = (x: number): string => `×${x < 10 ? x.toFixed(1) : count(x)}`;

/** Length of time in ms: 38 min, 3 h, 7 days. */
export function span(ms: number): string {
  const m = Math.round(ms / 60_000);
  if (m < 60) return `${m} min`;
  if (m < 48 * 60) return `${Math.floor(m / 60)} h${m % 60 ? ` ${m % 60} min` : ''}`;
  return `${+(m / 1440).toFixed(1)} days`;
}

/** Name of a bin of so many minutes: minute, 5 min, hour, 3 h, day. */
export function stepName(minutes: number): string {
  if (minutes === 1) return 'minute';
  if (minutes < 60) return `${minutes} min`;
  if (minutes < 1440) return minutes === 60 ? 'hour' : `${minutes / 60} h`;
  return minutes === 1440 ? 'day' : `${minutes / 1440} days`;
}

/** The same after "in": a minute, 5 min, an hour. */
export function inStep(minutes: number): string {
  if (minutes === 1) return 'a minute';
  if (minutes === 60) return 'an hour';
  return minutes === 1440 ? 'a day' : stepName(minutes);
}
