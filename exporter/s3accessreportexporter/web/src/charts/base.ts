/**
 * ECharts with only what is used. Its tooltip, legend, title, toolbox and brush are not: they are DOM, which
 * is lighter, accessible, and cannot turn data into markup.
 */
import * as echarts from 'echarts/core';
import { BarChart, LineChart, PieChart, ScatterChart } from 'echarts/charts';
import { GeoComponent, GridComponent } from 'echarts/components';
import { CanvasRenderer } from 'echarts/renderers';
import { css, face } from '../dom';
import { hideTip, showTip, type Tip } from './tip';

echarts.use([BarChart, LineChart, PieChart, ScatterChart, GridComponent, GeoComponent, CanvasRenderer]);

export type Chart = echarts.EChartsType;
export type Option = echarts.EChartsCoreOption;
export { echarts };

const live = new Map<HTMLElement, Chart>();

/** A chart in an element that has its size. Tests read what is drawn from the element's `chart`. */
export function init(el: HTMLElement): Chart {
  live.get(el)?.dispose();
  // 2: sharp when printed or saved.
  const chart = echarts.init(el, null, { devicePixelRatio: Math.max(2, window.devicePixelRatio || 1) });
  live.set(el, chart);
  Object.assign(el, { chart });
  el.querySelector('canvas')?.setAttribute('aria-hidden', 'true');
  return chart;
}

/** Frees the charts whose elements left the page. */
export function sweep(): void {
  for (const [el, chart] of live) {
    if (el.isConnected) continue;
    chart.dispose();
    live.delete(el);
  }
}

export const base = (): Option => ({
  animation: false,
  textStyle: { fontFamily: face(), fontSize: 12, color: css('--text-3') },
});

export const label = (extra: Record<string, unknown> = {}): Record<string, unknown> => ({
  color: css('--text-3'),
  fontSize: 12,
  fontFamily: face(),
  ...extra,
});

export const splitLine = (): Record<string, unknown> => ({ lineStyle: { color: css('--grid') } });
export const axisLine = (): Record<string, unknown> => ({ lineStyle: { color: css('--line') } });
export const hidden = { show: false };

/** About n round steps up to max. */
export function pretty(max: number, n = 3): { interval: number; max: number } {
  const raw = max / n;
  const power = 10 ** Math.floor(Math.log10(raw || 1));
  const interval = ([1, 2, 2.5, 5, 10].find((m) => m * power >= raw) ?? 10) * power;
  return { interval, max: Math.max(interval, Math.ceil(max / interval) * interval) };
}

interface ItemEvent {
  dataIndex: number;
  event?: { event: MouseEvent };
}

/** Tip of the item under the pointer, and what a click does. */
export function onItem(
  chart: Chart,
  el: HTMLElement,
  tip: (i: number) => Tip,
  pick?: (i: number) => void,
): void {
  const over = (e: unknown) => {
    const x = e as ItemEvent;
    if (x.event) showTip(x.event.event.clientX, x.event.event.clientY, tip(x.dataIndex));
  };
  chart.on('mouseover', over);
  chart.on('mousemove', over);
  chart.on('mouseout', hideTip);
  el.addEventListener('pointerleave', hideTip);
  if (pick) chart.on('click', (e) => pick((e as unknown as ItemEvent).dataIndex));
}

/** Arrows read n items one after another, Enter picks. at(i): the item's middle in the element. */
export function itemKeys(
  el: HTMLElement,
  n: number,
  at: (i: number) => [number, number],
  tip: (i: number) => Tip,
  pick?: (i: number) => void,
): void {
  let cur = -1;
  el.addEventListener('keydown', (e) => {
    const step = ({ ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 } as Record<string, number>)[
      e.key
    ];
    if (step && n) {
      e.preventDefault();
      cur = Math.max(0, Math.min(n - 1, cur < 0 && step < 0 ? n - 1 : cur + step));
      const r = el.getBoundingClientRect();
      const [x, y] = at(cur);
      showTip(r.left + x, r.top + y, tip(cur));
    } else if (e.key === 'Enter' && cur >= 0) {
      hideTip();
      pick?.(cur);
    } else if (e.key === 'Escape') {
      cur = -1;
      hideTip();
    }
  });
  el.addEventListener('blur', hideTip);
}
