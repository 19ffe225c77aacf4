/** Histogram on a logarithmic axis of time, with percentiles marked. */
import { css, h, measure } from '../dom';
import * as F from '../format';
import { axisLine, base, hidden, init, itemKeys, label, onItem, pretty, splitLine } from './base';
import type { Tip } from './tip';

export interface Column {
  from: number;
  to: number;
  n: number;
  /** Whether a decade begins here. */
  tick: boolean;
}

export interface Mark {
  name: string;
  v: number;
  /** 0 to 1: place on the axis. */
  pos: number;
}

const LEFT = 46;
const RIGHT = 76;

export function histogram(el: HTMLElement, cols: Column[], color: string, marks: Mark[]): void {
  const chart = init(el);
  const { interval, max } = pretty(Math.max(1, ...cols.map((c) => c.n)), 3);
  const width = el.clientWidth - LEFT - RIGHT;
  chart.setOption({
    ...base(),
    grid: { left: LEFT, right: RIGHT, top: 30, bottom: 24, outerBoundsMode: 'none' },
    xAxis: {
      type: 'category',
      data: cols.map((c) => c.from),
      axisTick: hidden,
      axisLine: axisLine(),
      axisLabel: label({
        interval: (i: number) => cols[i].tick,
        formatter: (v: string) => F.durationAxis(+v),
        padding: [0, width / cols.length, 0, 0],
      }),
    },
    yAxis: {
      type: 'value',
      max,
      interval: Math.max(1, interval),
      axisLabel: label({ formatter: F.short }),
      splitLine: splitLine(),
    },
    series: [
      {
        type: 'bar',
        barCategoryGap: '8%',
        data: cols.map((c) => c.n),
        emphasis: { disabled: true },
        itemStyle: { color, borderRadius: [2, 2, 0, 0] },
      },
    ],
  });
  drawMarks(el, marks, width);
  const tip = (i: number): Tip => ({
    title: `${F.duration(cols[i].from)} to ${F.duration(cols[i].to)}`,
    rows: [{ name: 'Requests', color, value: F.count(cols[i].n) }],
  });
  onItem(chart, el, tip);
  itemKeys(el, cols.length, (i) => [LEFT + ((i + 0.5) / cols.length) * width, 60], tip);
}

/** Labels stand right of their line, that of the middle mark left; what would collide goes a row down. */
function drawMarks(el: HTMLElement, marks: Mark[], width: number): void {
  let taken = -Infinity;
  marks.forEach((m, k) => {
    const x = LEFT + m.pos * width;
    const text = `${m.name} ${F.duration(m.v)}`;
    const w = measure(text) + 6;
    const left = k === 1 ? x - w - 1 : x + 3;
    const low = left < taken;
    if (!low) taken = left + w;
    el.append(
      h('div', { class: 'mark', style: { left: `${x}px`, background: css('--text-2') } }),
      h('div', { class: 'markname', style: { left: `${left}px`, top: low ? '15px' : '0' } }, text),
    );
  });
}
