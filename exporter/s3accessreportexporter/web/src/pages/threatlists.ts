/** Threats by client and by actor, and the table of clients. */
import { bars } from '../charts/bars';
import { h, type Child, type Rich } from '../dom';
import * as F from '../format';
import { bucketName, opName } from '../model';
import { country } from '../names';
import type { Panel } from '../panel';
import type { Selection } from '../state';
import { when } from '../times';
import { bucketBadge, caption, scope, simpleTable } from './common';
import { UNASSIGNED, badge, color, confidence, distinct, landOf, type Group } from './threatgroups';

export const common = (sel: Selection, span: string): Pick<Panel, 'span' | 'scope' | 'caption'> => ({
  span,
  scope: scope(sel, ['t', 'b', 'o'], true),
  caption: caption(sel),
});

const BARS = 7;

export function barsOf(sel: Selection, id: string, title: string, list: Group[], answer: Rich): Panel {
  const shown = list.slice(0, BARS);
  const height = 36 * shown.length + 40;
  return {
    ...common(sel, 'c3'),
    id,
    title,
    answer,
    height: 292,
    fit: true,
    table: {
      cols: [
        { t: title.replace('Threats by ', '') },
        { t: 'Confidence' },
        { t: 'Requests', num: true, f: F.count },
        { t: 'Answered', num: true, f: F.count },
      ],
      rows: list.map((g) => [g.key, confidence(g.conf), g.n, g.ok]),
    },
    layout: (body, chart) => {
      Object.assign(chart.style, { height: `${height}px`, flex: 'none' });
      body.append(chart);
      if (list.length > BARS)
        body.append(h('p', { class: 'more' }, `and ${F.count(list.length - BARS)} more in the CSV`));
    },
    chart: (el) =>
      bars(el, {
        value: F.count,
        rows: shown.map((g) => ({
          name: g.key,
          v: g.n,
          color: color(g.conf),
          text: F.count(g.n),
          more: [
            { name: 'Confidence', value: confidence(g.conf) },
            { name: 'Answered', value: F.count(g.ok) },
          ],
        })),
      }),
  };
}

const LISTED = 50;

export function threatTable(sel: Selection, clients: Group[]): Panel {
  const list = [...clients].sort((a, z) => a.conf - z.conf || z.n - a.n);
  const actor = (g: Group) => g.rows[0].actor || UNASSIGNED;
  const buckets = (g: Group) => distinct(g.rows, (t) => t.b);
  const headings = [
    'Client IP',
    'Confidence',
    'Actor',
    'Type',
    'Feed',
    'Country',
    'Bucket',
    'Last seen',
    'Requests',
    'Answered',
  ];
  const answered = (g: Group) =>
    g.ok ? h('b', { class: 'answered' }, F.count(g.ok)) : h('span', { class: 'muted' }, 'none');
  const row = (g: Group): Child[] => [
    h('span', { class: 'mono' }, g.key),
    badge(g.conf),
    h('span', { class: g.rows[0].actor ? null : 'muted' }, actor(g)),
    g.rows[0].type,
    g.rows[0].feed,
    country(landOf(g)),
    h('span', { class: 'lines' }, buckets(g).slice(0, 4).map(bucketBadge)),
    h('span', { class: 'nw' }, when(g.last)),
    F.count(g.n),
    answered(g),
  ];
  return {
    ...common(sel, 'c12'),
    id: 'threat-table',
    title: 'Threat Table',
    answer: ['Most confident first. A client that was answered deserves a look before one that was denied.'],
    table: {
      cols: [
        { t: 'Client IP' },
        { t: 'Confidence' },
        { t: 'Actor' },
        { t: 'Type' },
        { t: 'Feed' },
        { t: 'Country' },
        { t: 'Buckets' },
        { t: 'Operations' },
        { t: 'First seen', time: true, f: when },
        { t: 'Last seen', time: true, f: when },
        { t: 'Requests', num: true, f: F.count },
        { t: 'Answered', num: true, f: F.count },
      ],
      rows: list.map((g) => [
        g.key,
        confidence(g.conf),
        actor(g),
        g.rows[0].type,
        g.rows[0].feed,
        landOf(g),
        buckets(g).map(bucketName).join(' '),
        distinct(g.rows, (t) => t.o)
          .map(opName)
          .join(' '),
        g.first,
        g.last,
        g.n,
        g.ok,
      ]),
    },
    node: () => [
      simpleTable(
        headings.map((t, i) => ({ t, num: i > 7, cls: i ? (i > 1 && i < 8 ? 'opt' : undefined) : 'client' })),
        list.slice(0, LISTED).map(row),
      ),
      list.length > LISTED
        ? h('p', { class: 'more' }, `${F.count(list.length - LISTED)} more in the CSV`)
        : null,
    ],
  };
}
