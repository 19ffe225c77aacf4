/** Threat Intel: clients that are on a feed. */
import { cellBins, zeros, type Bins } from '../bins';
import { map, placeName, type Dot } from '../charts/map';
import { pie } from '../charts/pie';
import { timeChart } from '../charts/time';
import { CONFIDENCES } from '../data';
import { b, h, type Child } from '../dom';
import * as F from '../format';
import { cityOf, countryOf, threats as rowsOf, type Threat } from '../lists';
import { D, lacks } from '../model';
import { country } from '../names';
import { empty, type Block, type Panel, type Plain } from '../panel';
import { before, held, totals } from '../query';
import { state, type Selection } from '../state';
import { when } from '../times';
import { caption, compare, legendOf, per, sumOf, tiles, timeTable, type Page } from './common';
import { viewSwitch } from './shared';
import { UNASSIGNED, badge, color, confidence, distinct, group, type Group } from './threatgroups';
import { barsOf, common, threatTable } from './threatlists';

export const threats: Page = (sel) => {
  if (lacks('threat.indicator.ip')) return [noFeed()];
  const rows = rowsOf(sel);
  const n = sumOf(rows.map((t) => t.n));
  if (!n) return [feeds(), calm(sel)];
  const clients = group(rows, (t) => t.client);
  const actors = group(rows, (t) => t.actor || UNASSIGNED);
  const blocks: Block[] = [
    figures(sel, rows, clients, actors),
    overTime(sel, rows),
    byConfidence(sel, rows, n),
    byPlace(sel, rows, n),
    barsOf(sel, 'threats-by-client', 'Threats by Client IP', clients, [
      b(clients[0].key),
      ` sent ${F.percent(clients[0].n / n)}.`,
    ]),
    barsOf(sel, 'threats-by-actor', 'Threats by Actors', actors, [b(actors[0].key), ' leads.']),
    threatTable(sel, clients),
    feeds(),
  ];
  return blocks;
};

const noFeed = (): Panel => ({
  id: 'no-feed',
  span: 'c12',
  title: 'Threat Intel',
  empty: empty(
    'No threat feed is configured, or no client was on one:',
    'records carry no threat.* attributes, so no client can be compared. Set a feed on the receiver; ' +
      'records read from then on are matched:',
    [
      'receivers:',
      '  s3_access_logs:',
      '    threat_intel:',
      '      feeds:',
      '        - {name: drop, format: auto, http: {endpoint: "https://feeds.example.org/drop.json"}}',
    ],
  ),
});

const calm = (sel: Selection): Panel => ({
  id: 'no-threats',
  span: 'c12',
  title: 'Threat Intel',
  also: caption(sel),
  node: () =>
    h(
      'p',
      { class: 'calm' },
      `None of the ${F.plural(totals(held(sel)).n, 'request')} in this range came from an address of these ` +
        'feeds.',
    ),
});

function feeds(): Plain {
  const names = D.threats.feeds;
  const comma = (i: number) => (i === 0 ? '' : i === names.length - 1 ? ' and ' : ', ');
  return {
    id: 'feeds',
    key: names,
    node: () =>
      h(
        'p',
        { class: 'lede', id: 'feeds' },
        'Matched: ',
        names.map((f, i): Child => [comma(i), h('b', null, f)]),
        '. A feed that matched nothing is not known here. Confidence is the feed’s own; of several ' +
          'matches the most confident wins.',
      ),
  };
}

/** Sums of f by bin. */
function spread(rows: Threat[], B: Bins, f: (t: Threat) => number): number[] {
  const out = zeros(B.n);
  for (const t of rows) {
    const i = B.index(t.t);
    if (i >= 0 && i < B.n) out[i] += f(t);
  }
  return out;
}

/** Different keys by bin. */
function spreadDistinct(rows: Threat[], B: Bins, key: (t: Threat) => unknown): number[] {
  const out = B.at.map(() => new Set());
  for (const t of rows) out[B.index(t.t)]?.add(key(t));
  return out.map((s) => s.size);
}

function figures(sel: Selection, rows: Threat[], clients: Group[], actors: Group[]): Plain {
  const S = cellBins(sel, 45);
  const n = sumOf(rows.map((t) => t.n));
  const ok = sumOf(rows.map((t) => t.ok));
  const okHigh = sumOf(rows.filter((t) => t.conf === 0).map((t) => t.ok));
  const prev = before(sel, true);
  const was = prev ? sumOf(rowsOf(prev).map((t) => t.n)) : null;
  const lands = distinct(
    rows.filter((t) => countryOf(t.place)),
    (t) => countryOf(t.place),
  ).length;
  const unassigned = actors.find((a) => a.key === UNASSIGNED);
  const loose = unassigned ? distinct(unassigned.rows, (t) => t.client).length : 0;
  const buckets = distinct(rows, (t) => t.b).length;
  const high = `${F.count(okHigh)} with high confidence`;
  const medium = { color: '--threat-medium' };
  return tiles('figures', 'n5', [
    {
      k: 'Requests from known threats',
      v: F.count(n),
      unit: F.percent(n / totals(held(sel)).n),
      unitWide: ' of requests',
      ...compare(n, was, sel, prev),
      bad: 'badt',
      spark: spread(rows, S, (t) => t.n),
      ...medium,
    },
    {
      k: 'Answered, not denied',
      v: F.count(ok),
      unit: `${F.percent(ok / n)} of these`,
      note: okHigh ? h('b', { class: 'badt' }, high) : 'none with high confidence',
      spark: spread(rows, S, (t) => t.ok),
      color: '--threat-high',
    },
    {
      k: 'Clients',
      v: F.count(clients.length),
      note: F.plural(lands, 'country', 'countries'),
      spark: spreadDistinct(rows, S, (t) => t.client),
      ...medium,
    },
    {
      k: 'Actors',
      v: F.count(actors.length - (unassigned ? 1 : 0)),
      note: loose ? `and ${F.plural(loose, 'client')} unassigned` : 'all clients assigned',
      spark: spreadDistinct(
        rows.filter((t) => t.actor),
        S,
        (t) => t.actor,
      ),
      ...medium,
    },
    {
      k: 'Buckets reached',
      v: F.count(buckets),
      note: `of ${F.count(D.buckets.length)}`,
      spark: spreadDistinct(rows, S, (t) => t.b),
      ...medium,
    },
  ]);
}

function overTime(sel: Selection, rows: Threat[]): Panel {
  const B = cellBins(sel, 60);
  const series = CONFIDENCES.map((name, c) => ({
    name,
    color: color(c),
    data: spread(
      rows.filter((t) => t.conf === c),
      B,
      (t) => t.n,
    ),
  }));
  const sums = spread(rows, B, (t) => t.n);
  const peak = sums.indexOf(Math.max(...sums));
  const shown = series.filter((s) => s.data.some(Boolean));
  return {
    ...common(sel, 'c8'),
    id: 'threats-over-time',
    title: 'Threats Over Time',
    height: 260,
    answer: ['Most around ', b(when(B.mid[peak])), `: ${F.count(sums[peak])} in ${F.inStep(B.step)}.`],
    unit: `${per('Requests', B)}, by malicious confidence`,
    unitRight: () => legendOf(shown),
    table: timeTable(B, series, F.count),
    chart: (el) => timeChart(el, { B, kind: 'column', groups: [{ name: '', series }] }),
  };
}

function byConfidence(sel: Selection, rows: Threat[], n: number): Panel {
  const list = CONFIDENCES.map((name, c) => ({
    name,
    c,
    v: sumOf(rows.filter((t) => t.conf === c).map((t) => t.n)),
    color: color(c),
  }));
  const highest = list.find((x) => x.v)!;
  const row = (x: (typeof list)[number]) =>
    h(
      'tr',
      null,
      h('td', null, badge(x.c)),
      h('td', { class: 'num' }, F.count(x.v)),
      h('td', { class: 'num muted' }, F.percent(x.v / n)),
    );
  return {
    ...common(sel, 'c4 w'),
    id: 'threats-by-confidence',
    title: 'Threats by Malicious Confidence',
    height: 270,
    answer: ['Highest: ', b(highest.name.toLowerCase()), `, ${F.percent(highest.v / n)} of these requests.`],
    table: {
      cols: [
        { t: 'Confidence' },
        { t: 'Requests', num: true, f: F.count },
        { t: 'Share', num: true, f: F.percent },
      ],
      rows: list.map((x) => [x.name, x.v, x.v / n]),
    },
    layout: (body, chart) =>
      body.append(h('div', { class: 'split pie' }, chart, h('table', null, h('tbody', null, list.map(row))))),
    chart: (el) =>
      pie(
        el,
        list.filter((x) => x.v),
        [F.short(n), 'requests'],
      ),
  };
}

function byPlace(sel: Selection, rows: Threat[], n: number): Panel {
  const places = group(rows, (t) => String(t.place));
  const placeOf = (g: Group) => g.rows[0].place;
  const known = places.filter((g) => placeOf(g) >= 0);
  const panel: Panel = {
    ...common(sel, 'c6'),
    id: 'threats-by-place',
    title: 'Threats by Geo Location',
    height: 292,
  };
  if (!known.length) {
    const why =
      'The records of these clients have no geo.* attributes. Set a GeoIP database on the receiver.';
    return { ...panel, empty: empty('No place is known for these clients.', why) };
  }
  const dots: Dot[] = known.map((g) => ({ place: placeOf(g), n: g.n, color: color(g.conf) }));
  const lands = group(
    rows.filter((t) => t.place >= 0),
    (t) => countryOf(t.place),
  );
  const clients = known.map((g) => group(g.rows, (t) => t.client));
  return {
    ...panel,
    also: state.view,
    answer: [b(country(lands[0].key)), ` leads with ${F.count(lands[0].n)} of ${F.count(n)}.`],
    table: {
      cols: [{ t: 'Country' }, { t: 'City' }, { t: 'Requests', num: true, f: F.count }],
      rows: places.map((g) => [country(countryOf(placeOf(g))), cityOf(placeOf(g)), g.n]),
    },
    layout: (body, chart) =>
      body.append(
        h('div', { class: 'split map one' }, h('div', { class: 'mapside' }, chart, viewSwitch(dots))),
      ),
    chart: (el) =>
      map(el, {
        dots,
        view: state.view,
        tint: '--map-land',
        tip: (i) => ({
          title: placeName(dots[i].place),
          sum: ['Total', F.count(dots[i].n)],
          rows: clients[i].slice(0, 9).map((c) => ({
            name: `${c.key} ${confidence(c.conf)}`,
            color: color(c.conf),
            value: F.count(c.n),
          })),
        }),
      }),
  };
}
