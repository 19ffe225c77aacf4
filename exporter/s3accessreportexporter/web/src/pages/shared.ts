/** Panels that stand on more than one page. */
import { map, placeName, viewsWith, type Dot } from '../charts/map';
import { pie, type Slice } from '../charts/pie';
import type { TimeSeries } from '../charts/time';
import type { Bins } from '../bins';
import { b, css, h, swatch, type Child } from '../dom';
import * as F from '../format';
import { cityOf, countryOf, geo, type Spot } from '../lists';
import { bucketColor, bucketName, bucketRank, lacks, opColor, opName } from '../model';
import { country } from '../names';
import { empty, type Panel } from '../panel';
import { by, timeline, type Series } from '../query';
import { set, state, toggle, type Selection, type View } from '../state';
import { caption, mid, parts, scope } from './common';

/** Series per bucket for a time chart; f: value of bin i. */
export function bucketSeries(
  sel: Selection,
  B: Bins,
  f: (s: Series, i: number) => number | null,
): TimeSeries[] {
  const of = timeline(sel, B, true);
  return bucketRank
    .filter((bucket) => of.has(bucket))
    .map((bucket) => ({
      name: bucketName(bucket),
      color: bucketColor(bucket),
      data: B.at.map((_, i) => f(of.get(bucket)!, i)),
    }));
}

const VIEW_NAMES: Record<View, string> = {
  'world': 'World',
  'europe': 'Europe',
  'asia': 'Asia',
  'africa': 'Africa',
  'north-america': 'North America',
  'south-america': 'South America',
  'oceania': 'Oceania',
};

/** Buttons that show a part of the map: where the countries are small, dots lie on one another. */
export function viewSwitch(dots: { place: number }[]): Child {
  const views: View[] = ['world', ...viewsWith(dots)];
  if (views.length < 3) return null;
  return h(
    'div',
    { 'class': 'views', 'role': 'group', 'aria-label': 'Part of the map' },
    views.map((v) =>
      h(
        'button',
        { 'type': 'button', 'aria-pressed': String(state.view === v), 'onclick': () => set({ view: v }) },
        VIEW_NAMES[v],
      ),
    ),
  );
}

interface Land {
  code: string;
  n: number;
  parts: Map<number, number>;
}

function lands(spots: Spot[]): Land[] {
  const out = new Map<string, Land>();
  for (const s of spots) {
    const code = countryOf(s.place);
    let l = out.get(code);
    if (!l) out.set(code, (l = { code, n: 0, parts: new Map() }));
    l.n += s.n;
    for (const [bucket, n] of s.parts) l.parts.set(bucket, (l.parts.get(bucket) ?? 0) + n);
  }
  return [...out.values()].sort((a, z) => z.n - a.n);
}

export function geoPanel(sel: Selection, span: string, height: number): Panel {
  const spots = geo(sel.range, sel);
  const list = lands(spots);
  const all = list.reduce((a, l) => a + l.n, 0);
  const first = list.slice(0, 3);
  const panel: Panel = {
    id: 'geolocation',
    span,
    title: 'Geolocation of Clients',
    scope: scope(sel, ['b']),
    caption: caption(sel),
  };
  if (!list.length) {
    return { ...panel, height, empty: lacks('geo.country.iso_code') ? NO_GEO : NO_PLACE };
  }
  const share = F.percent(first.reduce((a, l) => a + l.n, 0) / all);
  const total = F.plural(list.length, 'country', 'countries');
  const dots: Dot[] = spots.map((s) => ({ place: s.place, n: s.n, color: css('--map-dot') }));
  return {
    ...panel,
    height,
    also: state.view,
    answer: [
      b(share),
      ` of requests come from ${first.map((l) => country(l.code)).join(', ')}; ${total} in all.`,
    ],
    table: {
      cols: [{ t: 'Country' }, { t: 'City' }, { t: 'Bucket' }, { t: 'Requests', num: true, f: F.count }],
      rows: spots
        .flatMap((s) =>
          [...s.parts].map(([bucket, n]): [string, string, string, number] => [
            country(countryOf(s.place)),
            cityOf(s.place),
            bucketName(bucket),
            n,
          ]),
        )
        .sort((a, z) => z[3] - a[3]),
    },
    layout: (body, chart) => {
      const side = h('div', { class: 'mapside' }, chart, viewSwitch(spots));
      body.append(h('div', { class: 'split map' }, side, landList(list, all, height > 350 ? 9 : 7)));
    },
    chart: (el) =>
      map(el, {
        dots,
        view: state.view,
        tint: '--map-active',
        tip: (i) => ({
          title: placeName(spots[i].place),
          sum: ['Total', F.count(spots[i].n)],
          rows: bucketRank
            .filter((x) => spots[i].parts.has(x))
            .slice(0, 9)
            .map((x) => ({
              name: bucketName(x),
              color: bucketColor(x),
              value: F.count(spots[i].parts.get(x)!),
            })),
        }),
      }),
  };
}

const NO_GEO = empty(
  'No place is known for any client.',
  'The records have no geo.* attributes: no GeoIP database is configured, or they are excluded. Set one on ' +
    'the receiver, and new records are placed:',
  ['receivers:', '  s3_access_logs:', '    geoip:', '      databases: [/etc/otelcol/GeoLite2-City.mmdb]'],
);
const NO_PLACE = empty('No client of this range has a place.', 'Other ranges and buckets have some.');

function landList(list: Land[], all: number, limit: number): HTMLElement {
  const shown = list.slice(0, limit);
  const rest = list.slice(limit);
  const bar = (l: Land) =>
    h(
      'span',
      { class: 'track' },
      parts(l.parts).map(([n, color]) =>
        h('i', { style: { width: `${(n / shown[0].n) * 100}%`, background: color } }),
      ),
    );
  const more = F.plural(rest.length, 'other country', 'other countries');
  const share = F.percent(rest.reduce((a, l) => a + l.n, 0) / all);
  return h(
    'div',
    null,
    h(
      'table',
      null,
      h(
        'thead',
        null,
        h(
          'tr',
          null,
          h('th', null, 'Country, by bucket'),
          h('th', { class: 'num' }, 'Requests'),
          h('th', { class: 'num' }, 'Share'),
        ),
      ),
      h(
        'tbody',
        null,
        shown.map((l) =>
          h(
            'tr',
            null,
            h('td', { class: 'name' }, h('span', { class: 'cut' }, country(l.code)), bar(l)),
            h('td', { class: 'num' }, F.count(l.n)),
            h('td', { class: 'num muted' }, F.percent(l.n / all)),
          ),
        ),
      ),
    ),
    rest.length ? h('p', { class: 'more' }, `and ${more}, ${share}`) : null,
  );
}

interface OpRow extends Slice {
  o: number;
}

export function opPanel(sel: Selection, span: string, height: number): Panel {
  const all = [...by(sel, 'o')].map(([o, s]) => ({ o, n: s.n })).sort((a, z) => z.n - a.n);
  const total = all.reduce((a, x) => a + x.n, 0);
  const shown = all.length === 9 ? 9 : 8;
  const rows: OpRow[] = all
    .slice(0, shown)
    .map((x) => ({ o: x.o, name: opName(x.o), v: x.n, color: opColor(x.o) }));
  const rest = all.slice(shown);
  if (rest.length) {
    const v = rest.reduce((a, x) => a + x.n, 0);
    rows.push({ o: -1, name: `${rest.length} others`, v, color: css('--b0') });
  }
  const panel: Panel = {
    id: 'operations',
    span,
    title: 'Requests by Operation',
    caption: caption(sel),
    scope: scope(sel, ['t', 'b', 'o'], true),
  };
  if (!all.length) return { ...panel, answer: ['No request in this range.'], node: () => null };
  const row = (r: OpRow) =>
    h(
      'tr',
      {
        class: r.o >= 0 ? 'pick' : null,
        title: r.o >= 0 ? 'Show only this operation' : null,
        onclick: () => toggle('o', r.o),
      },
      h('td', { class: 'name' }, h('span', { class: 'row' }, swatch(r.color), mid(r.name))),
      h('td', { class: 'num' }, F.count(r.v)),
      h('td', { class: 'num muted' }, F.percent(r.v / total)),
    );
  return {
    ...panel,
    height,
    answer: [b(opName(all[0].o)), ` is ${F.percent(all[0].n / total)} of ${F.plural(total, 'request')}.`],
    table: {
      cols: [
        { t: 'Operation' },
        { t: 'Requests', num: true, f: F.count },
        { t: 'Share', num: true, f: F.percent },
      ],
      rows: all.map((x) => [opName(x.o), x.n, x.n / total]),
    },
    layout: (body, chart) =>
      body.append(
        h(
          'div',
          { class: 'split pie' },
          chart,
          h('div', null, h('table', null, h('tbody', null, rows.map(row)))),
        ),
      ),
    chart: (el) => pie(el, rows, [F.short(total), 'requests'], (i) => toggle('o', rows[i].o)),
  };
}
