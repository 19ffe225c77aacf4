/** Horizontal bars with a tick where the previous period was; figures in a column of their own. */
import { css, measure, middle, show } from '../dom';
import * as F from '../format';
import { axisLine, base, hidden, init, itemKeys, label, onItem, pretty, splitLine } from './base';
import type { Tip } from './tip';

export interface Bar {
  name: string;
  v: number;
  /** Previous period; null or absent: unknown. */
  prev?: number | null;
  color: string;
  /** The figure at the right. */
  text: string;
  more?: { name: string; value: string }[];
}

export interface Bars {
  rows: Bar[];
  value: (v: number) => string;
  bytes?: boolean;
  prevName?: string;
  pick?: (i: number) => void;
}

export function bars(el: HTMLElement, { rows, value, bytes, prevName = 'Before', pick }: Bars): void {
  const chart = init(el);
  const max = Math.max(1, ...rows.map((r) => Math.max(r.v, r.prev ?? 0)));
  const left = Math.min(el.clientWidth * 0.46, Math.max(...rows.map((r) => measure(r.name))) + 18);
  const right = Math.max(...rows.map((r) => measure(r.text))) + 10;
  const { div, unit } = bytes ? F.bytesAxis(max) : { div: 1, unit: '' };
  const step = pretty(max / div, el.clientWidth < 480 ? 2 : 4);
  const interval = bytes ? step.interval : Math.max(1, step.interval);
  const words = (v: number): string => {
    if (!bytes) return F.short(v);
    return v ? `${+(v / div).toFixed(2)} ${unit}` : '0';
  };
  const row = (el.clientHeight - 30) / rows.length;
  const names = {
    type: 'category',
    inverse: true,
    data: rows.map((r) => middle(r.name, left - 12)),
    axisTick: hidden,
    axisLine: axisLine(),
    axisLabel: label({ color: css('--text'), margin: left, align: 'left' }),
  };
  const figures = {
    type: 'category',
    inverse: true,
    position: 'right',
    data: rows.map((r) => r.text),
    axisLine: hidden,
    axisTick: hidden,
    axisLabel: label({ color: css('--text-2'), margin: right, align: 'right' }),
  };
  chart.setOption({
    ...base(),
    grid: { left, right, top: 4, bottom: 22, outerBoundsMode: 'none' },
    xAxis: {
      type: 'value',
      min: 0,
      max: Math.max(step.max, interval) * div,
      interval: interval * div,
      axisLabel: label({ formatter: words, hideOverlap: true }),
      splitLine: splitLine(),
    },
    yAxis: [names, figures],
    series: [
      {
        type: 'bar',
        barWidth: Math.min(18, row * 0.56),
        cursor: pick ? 'pointer' : 'default',
        emphasis: { disabled: true },
        data: rows.map((r) => ({ value: r.v, itemStyle: { color: r.color, borderRadius: [0, 2, 2, 0] } })),
      },
      {
        type: 'scatter',
        silent: true,
        symbol: 'rect',
        symbolSize: [2, Math.min(26, row * 0.8)],
        z: 5,
        itemStyle: { color: css('--text') },
        data: rows.map((r, i) => [r.prev ?? 0, i]).filter(([v]) => v > 0),
      },
    ],
  });
  const tip = (i: number): Tip => {
    const r = rows[i];
    const known = r.prev !== undefined && r.prev !== null;
    return {
      title: show(r.name),
      rows: [
        { name: 'This period', color: r.color, value: value(r.v) },
        ...(known ? [{ name: prevName, value: value(r.prev!) }] : []),
        ...(r.more ?? []),
      ],
      foot: pick ? 'Click to filter by it' : null,
    };
  };
  onItem(chart, el, tip, pick);
  itemKeys(el, rows.length, (i) => [left, 4 + (i + 0.5) * ((el.clientHeight - 26) / rows.length)], tip, pick);
}
