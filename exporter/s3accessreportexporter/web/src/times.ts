/** Times in the viewer's zone or UTC. */

let zone: string | undefined;
const formats = new Map<string, Intl.DateTimeFormat>();

export function setZone(utc: boolean): void {
  zone = utc ? 'UTC' : undefined;
  formats.clear();
}

export const isUTC = (): boolean => zone === 'UTC';

function format(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = JSON.stringify(options);
  let f = formats.get(key);
  if (!f) {
    f = new Intl.DateTimeFormat('en-GB', { ...options, timeZone: zone, hourCycle: 'h23' });
    formats.set(key, f);
  }
  return f;
}

const HM: Intl.DateTimeFormatOptions = { hour: '2-digit', minute: '2-digit' };

export const clock = (t: number): string => format(HM).format(t);
export const clockSeconds = (t: number): string => format({ ...HM, second: '2-digit' }).format(t);
export const date = (t: number): string => format({ day: 'numeric', month: 'short' }).format(t);
export const dateYear = (t: number): string =>
  format({ day: 'numeric', month: 'short', year: 'numeric' }).format(t);
export const weekday = (t: number): string =>
  format({ weekday: 'short', day: 'numeric', month: 'short' }).format(t);

/** 17 Nov, 16:23. */
export const when = (t: number): string => `${date(t)}, ${clock(t)}`;

/** Name of the zone at a time: CET, UTC. */
export const zoneName = (t: number): string => zone ?? localZone(t);

/** Name of the viewer's own zone. */
export const localZone = (t: number): string =>
  new Intl.DateTimeFormat('en-GB', { timeZoneName: 'short' })
    .formatToParts(t)
    .find((p) => p.type === 'timeZoneName')!.value;

/** Minutes that the shown zone is ahead of UTC. */
export const offset = (t: number): number => (zone ? 0 : -new Date(t).getTimezoneOffset());

/** A range of time, its day once. */
export function fromTo(a: number, z: number): string {
  const days = clock(a) === '00:00' && clock(z) === '00:00' && z > a;
  const oneDay = date(a) === date(z - 1);
  if (days) return oneDay ? date(a) : `${date(a)} to ${date(z - 1)}`;
  return oneDay ? `${date(a)}, ${clock(a)} to ${clock(z)}` : `${when(a)} to ${when(z)}`;
}

/** ISO 8601 in UTC. */
export const iso = (t: number): string => new Date(t).toISOString().replace('.000Z', 'Z');
