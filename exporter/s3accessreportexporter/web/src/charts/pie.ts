/** Pie: parts of one whole; names and figures stand in the table beside it. */
import { h, show } from '../dom';
import * as F from '../format';
import { base, init, itemKeys, onItem } from './base';
import type { Tip } from './tip';

export interface Slice {
  name: string;
  v: number;
  color: string;
}

export function pie(
  el: HTMLElement,
  rows: Slice[],
  center: [string, string],
  pick?: (i: number) => void,
): void {
  const chart = init(el);
  const total = rows.reduce((a, r) => a + r.v, 0);
  const radius = Math.min(el.clientWidth, el.clientHeight) / 2 - 4;
  chart.setOption({
    ...base(),
    series: [
      {
        type: 'pie',
        radius: [radius * 0.58, radius],
        center: ['50%', '50%'],
        startAngle: 90,
        minAngle: 2,
        padAngle: rows.length > 1 ? 1 : 0,
        label: { show: false },
        labelLine: { show: false },
        emphasis: { scaleSize: 3 },
        cursor: pick ? 'pointer' : 'default',
        itemStyle: { borderRadius: 2 },
        data: rows.map((r) => ({ name: show(r.name), value: r.v, itemStyle: { color: r.color } })),
      },
    ],
  });
  el.append(h('div', { class: 'center' }, h('b', null, center[0]), h('span', null, center[1])));
  const tip = (i: number): Tip => ({
    title: show(rows[i].name),
    rows: [{ name: F.percent(rows[i].v / total), color: rows[i].color, value: F.count(rows[i].v) }],
    foot: pick ? 'Click to filter by it' : null,
  });
  onItem(chart, el, tip, pick);
  itemKeys(el, rows.length, () => [el.clientWidth / 2, el.clientHeight / 2], tip, pick);
}
