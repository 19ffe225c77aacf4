/** Charts over time: stacked areas, columns, lines. Several plots share one time axis. */
import type { Bins } from '../bins';
import { css, h } from '../dom';
import * as F from '../format';
import { clock, date, isUTC } from '../times';
import { axisLine, base, hidden, init, label, pretty, splitLine } from './base';
import { hover, type Plot } from './hover';

export interface TimeSeries {
  name: string;
  color: string;
  /** By bin; null: no value. */
  data: (number | null)[];
}

export interface Group {
  name: string;
  color?: string;
  series: TimeSeries[];
}

export interface TimeChart {
  B: Bins;
  groups: Group[];
  kind: 'area' | 'column' | 'line';
  /** Words of a value; F.count when left out. */
  value?: (v: number) => string;
  axis?: (v: number) => string;
  /** Values are bytes: the axis is in the unit of the largest. */
  bytes?: boolean;
  log?: boolean;
}

export const PAD = { left: 50, right: 10, top: 8, bottom: 24 };

/** Whether lines differ so much that a logarithmic axis is needed to see the lower ones. */
export function spreadOut(series: TimeSeries[]): boolean {
  const medians = series
    .map((s) => {
      const v = s.data.filter((x): x is number => x !== null && x > 0).sort((a, z) => a - z);
      return v[Math.floor(v.length / 2)];
    })
    .filter((m) => m > 0);
  return medians.length > 1 && Math.max(...medians) / Math.min(...medians) > 12;
}

export function timeChart(el: HTMLElement, c: TimeChart): void {
  const chart = init(el);
  const plots = c.groups.length;
  const gap = plots > 1 ? 26 : 0;
  const top0 = PAD.top + (plots > 1 ? 14 : 0);
  const height = (el.clientHeight - top0 - PAD.bottom - gap * (plots - 1)) / plots;
  const placed: Plot[] = c.groups.map((group, i) => ({ group, top: top0 + i * (height + gap), height }));
  chart.setOption({
    ...base(),
    useUTC: isUTC(),
    grid: placed.map((p) => ({
      left: PAD.left,
      right: PAD.right,
      top: p.top,
      height,
      outerBoundsMode: 'none',
    })),
    xAxis: placed.map((_, i) => timeAxis(el, c.B, i, i === plots - 1)),
    yAxis: placed.map((p, i) => valueAxis(c, p.group, i, plots)),
    series: placed.flatMap((p, i) => p.group.series.map((s, k) => oneSeries(el, c, s, i, k))),
  });
  if (plots > 1) for (const p of placed) el.append(heading(p));
  hover(el, c, top0, placed);
}

const heading = (p: Plot): HTMLElement =>
  h(
    'div',
    { class: 'plot', style: { left: `${PAD.left}px`, top: `${p.top - 19}px` } },
    h('i', { class: 'sw', style: { background: p.group.color ?? '' } }),
    p.group.name,
  );

function timeAxis(el: HTMLElement, B: Bins, gridIndex: number, last: boolean): object {
  const days = B.last - B.first > 26 * 3_600_000;
  const few = el.clientWidth < 420;
  const text = (t: number): string => {
    if (!days) return clock(t);
    if (clock(t) === '00:00') return date(t);
    return few ? '' : clock(t);
  };
  return {
    type: 'time',
    gridIndex,
    min: B.first,
    max: B.last,
    axisLine: axisLine(),
    axisTick: hidden,
    splitLine: hidden,
    splitNumber: few ? 3 : 6,
    axisPointer: hidden,
    axisLabel: label({ show: last, hideOverlap: true, alignMaxLabel: 'right', margin: 8, formatter: text }),
  };
}

const stacked = (c: TimeChart): boolean => c.kind !== 'line'; // averages do not add

function largest(c: TimeChart, g: Group): number {
  const at = c.B.at.map((_, i) => {
    const values = g.series.map((s) => s.data[i] ?? 0);
    return stacked(c) ? values.reduce((a, v) => a + v, 0) : Math.max(0, ...values);
  });
  return Math.max(1, ...at);
}

function valueAxis(c: TimeChart, g: Group, gridIndex: number, plots: number): object {
  const top = largest(c, g);
  const common = { gridIndex, splitLine: splitLine(), axisLine: hidden, axisTick: hidden };
  const words = c.axis ?? F.short;
  if (c.log) {
    const low = Math.min(top, ...g.series.flatMap((s) => s.data.filter((v): v is number => !!v && v > 0)));
    return {
      ...common,
      type: 'log',
      min: 10 ** Math.floor(Math.log10(low)),
      max: 10 ** Math.ceil(Math.log10(top)),
      axisLabel: label({ margin: 8, formatter: words }),
    };
  }
  const div = c.bytes ? F.bytesAxis(top).div : 1;
  let { interval, max } = pretty(top / div, plots > 1 ? 2 : 3);
  if (!c.bytes && c.kind !== 'line' && interval < 1) interval = max = 1; // whole requests
  return {
    ...common,
    type: 'value',
    min: 0,
    max: max * div,
    interval: interval * div,
    axisLabel: label({
      margin: 8,
      formatter: (v: number) => (c.bytes ? `${+(v / div).toFixed(2)}` : words(v)),
    }),
  };
}

function oneSeries(el: HTMLElement, c: TimeChart, s: TimeSeries, plot: number, k: number): object {
  const { B } = c;
  const common = {
    name: s.name,
    xAxisIndex: plot,
    yAxisIndex: plot,
    silent: true,
    emphasis: { disabled: true },
    stack: stacked(c) ? `plot${plot}` : undefined,
    itemStyle: { color: s.color },
  };
  const points = s.data.map((v, i) => [B.mid[i], v]);
  if (c.kind === 'column') {
    const room = (el.clientWidth - PAD.left - PAD.right) / B.n;
    const width = Math.max(1, Math.min(B.n < 16 ? 56 : 22, room * (B.n > 60 ? 0.8 : 0.72)));
    const pale = { opacity: 0.55 };
    const data = points.map((p, i) => (B.partial(i) ? { value: p, itemStyle: pale } : p));
    return { ...common, type: 'bar', barWidth: width, data };
  }
  const area = c.kind === 'area';
  return {
    ...common,
    type: 'line',
    data: points,
    connectNulls: !area,
    z: 10 - k,
    symbolSize: 4,
    showSymbol: s.data.filter((v) => v !== null).length < 3,
    lineStyle: { width: area ? 1 : 1.75, color: area ? css('--surface') : s.color },
    areaStyle: { color: s.color, opacity: area ? 0.92 : 0.035 },
  };
}
