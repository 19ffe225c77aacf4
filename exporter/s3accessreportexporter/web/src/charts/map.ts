/** World map in the Natural Earth projection, without Antarctica; dots by place. */
import { feature } from 'topojson-client';
import type { GeometryCollection, Topology } from 'topojson-specification';
import { css } from '../dom';
import { country } from '../names';
import type { View } from '../state';
import { D } from '../model';
import { base, echarts, init, itemKeys, onItem } from './base';
import type { Tip } from './tip';

export interface Dot {
  /** Index in places; -1 is drawn nowhere. */
  place: number;
  n: number;
  color: string;
}

type Ring = number[][];
type Shape = { type: 'Polygon'; coordinates: Ring[] } | { type: 'MultiPolygon'; coordinates: Ring[][] };
interface Country {
  type: 'Feature';
  properties: { name: string };
  geometry: Shape;
}

let world: Topology | null = null;
const centers = new Map<string, [number, number]>();

/** Takes the shapes, which the first map unfolds. */
export const setWorld = (shapes: Topology): void => {
  world = shapes;
};

/** Features are named by the ISO code of the country. */
function unfold(): void {
  if (!world) return;
  const collection = feature(world, world.objects.countries as GeometryCollection);
  const countries = collection.features as unknown as Country[];
  for (const c of countries) {
    for (const polygon of polygons(c.geometry)) for (const ring of polygon) unwrap(ring);
    if (c.properties.name) centers.set(c.properties.name, centerOf(c.geometry));
  }
  const json = { type: 'FeatureCollection', features: countries };
  echarts.registerMap('world', json as unknown as Parameters<typeof echarts.registerMap>[1]);
  world = null;
}

const polygons = (g: Shape): Ring[][] => (g.type === 'Polygon' ? [g.coordinates] : g.coordinates);

/** world-atlas joins what the 180th meridian cuts (Russia, Fiji): such a ring would cross the whole map. */
function unwrap(ring: Ring): void {
  for (let i = 1; i < ring.length; i++) {
    const d = ring[i][0] - ring[i - 1][0];
    if (Math.abs(d) > 180) ring[i] = [ring[i][0] - 360 * Math.sign(d), ring[i][1]];
  }
  const mid = ring.reduce((a, p) => a + p[0], 0) / ring.length;
  if (mid < -172 || mid > 192) for (const p of ring) p[0] += mid < 0 ? 360 : -360;
}

/** Middle of the largest polygon. */
function centerOf(g: Shape): [number, number] {
  let best: [number, number] = [0, 0];
  let size = -1;
  for (const [ring] of polygons(g)) {
    const xs = ring.map((p) => p[0]);
    const ys = ring.map((p) => p[1]);
    const [w, e, s, n] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
    if ((e - w) * (n - s) <= size) continue;
    size = (e - w) * (n - s);
    best = [(w + e) / 2, (s + n) / 2];
  }
  return best;
}

/** Longitude and latitude of a place; that of its country where only the country is known. */
export function spotOf(place: number): [number, number] | null {
  const { lat, lon } = D.places;
  if (place < 0 || place >= lat.length) return null;
  const [y, x] = [lat[place], lon[place]];
  if (x !== null && y !== null) return [x, y];
  unfold();
  return centers.get(D.places.country[place]) ?? null;
}

/** West, north, east, south of the parts of the map. */
const BOXES: Record<Exclude<View, 'world'>, [number, number, number, number]> = {
  'europe': [-13, 63, 35, 35],
  'asia': [40, 58, 148, -11],
  'africa': [-20, 38, 53, -36],
  'north-america': [-130, 60, -60, 12],
  'south-america': [-84, 13, -33, -56],
  'oceania': [110, 0, 180, -48],
};

/** The parts in which there is a dot. */
export function viewsWith(dots: { place: number }[]): View[] {
  const spots = dots.map((d) => spotOf(d.place)).filter((s) => s !== null);
  return (Object.keys(BOXES) as Exclude<View, 'world'>[]).filter((v) =>
    spots.some((s) => within(BOXES[v], s)),
  );
}

const within = ([w, n, e, s]: number[], [x, y]: number[]): boolean => x >= w && x <= e && y <= n && y >= s;

const A = [0.8707, -0.131979, -0.013791, 0.003971, -0.001529];
const C = [1.007226, 0.015085, -0.044475, 0.028874, -0.005916];
const naturalEarth = {
  project([x, y]: number[]): [number, number] {
    const l = (x * Math.PI) / 180;
    const p = (Math.max(-90, Math.min(90, y)) * Math.PI) / 180;
    const p2 = p * p;
    const p4 = p2 * p2;
    return [
      l * (A[0] + A[1] * p2 + p4 * (A[2] + p4 * (A[3] * p2 + A[4] * p4))),
      -p * (C[0] + p2 * (C[1] + p4 * (C[2] + C[3] * p2 + C[4] * p4))),
    ];
  },
  unproject: (p: number[]): number[] => p,
};

export interface WorldMap {
  dots: Dot[];
  view: View;
  /** Token of countries with a dot. */
  tint: string;
  tip: (i: number) => Tip;
}

export function map(el: HTMLElement, { dots, view, tint, tip }: WorldMap): void {
  unfold();
  const chart = init(el);
  const shown = dots
    .map((d, i) => ({ ...d, i, spot: spotOf(d.place) }))
    .filter((d) => d.spot)
    .sort((a, z) => z.n - a.n);
  const max = Math.max(1, ...shown.map((d) => d.n));
  const big = Math.max(13, Math.min(32, el.clientWidth / 19));
  const lit = new Set(shown.map((d) => D.places.country[d.place]).filter(Boolean));
  const box = view === 'world' ? null : BOXES[view];
  const place = box
    ? {
        left: 0,
        right: 0,
        top: 0,
        bottom: 0,
        boundingCoords: [
          [box[0], box[1]],
          [box[2], box[3]],
        ],
      }
    : { left: '-4%', right: '-3%', top: 0, bottom: 0 };
  chart.setOption({
    ...base(),
    geo: {
      map: 'world',
      projection: naturalEarth,
      roam: false,
      silent: true,
      preserveAspect: 'contain',
      ...place,
      itemStyle: { areaColor: css('--map-land'), borderColor: css('--map-edge'), borderWidth: 0.6 },
      emphasis: { disabled: true },
      regions: [...lit].map((name) => ({ name, itemStyle: { areaColor: css(tint) } })),
    },
    series: [
      {
        type: 'scatter',
        coordinateSystem: 'geo',
        clip: true,
        emphasis: { itemStyle: { opacity: 1 } },
        data: shown.map((d) => ({
          value: [...d.spot!, d.n],
          symbolSize: Math.max(6, big * Math.sqrt(d.n / max)),
          itemStyle: { color: d.color, opacity: 0.78, borderColor: css('--surface'), borderWidth: 1 },
        })),
      },
    ],
  });
  const at = (i: number): [number, number] =>
    (chart.convertToPixel('geo', shown[i].spot!) as [number, number] | undefined) ?? [el.clientWidth / 2, 40];
  onItem(chart, el, (i) => tip(shown[i].i));
  itemKeys(el, shown.length, at, (i) => tip(shown[i].i));
}

/** A place in words. */
export function placeName(place: number): string {
  if (place < 0) return 'Other places';
  const city = D.places.city[place];
  const land = country(D.places.country[place]);
  return city ? `${city}, ${land}` : land;
}
