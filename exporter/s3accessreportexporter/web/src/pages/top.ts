/** Top: who and what is busiest, by requests or by bytes. */
import type { DistinctList, TopList } from '../data';
import { b, h, short, swatch, type Rich } from '../dom';
import * as F from '../format';
import { distinct, shares, top as rowsOf, topByRole, type TopRow } from '../lists';
import { D, bucketColor, lacks } from '../model';
import { account, principal } from '../names';
import { empty, type Block, type Panel, type Plain } from '../panel';
import { totals } from '../query';
import { set, state, type Selection } from '../state';
import { caption, listScope, parts, ranked, sharesList, type Page } from './common';

interface About {
  list: TopList;
  title: string;
  one: string;
  many: string;
  span: string;
  needs: keyof typeof D.attributes;
}

const LISTS: About[] = [
  {
    list: 'requester',
    title: 'Which requesters are busiest?',
    one: 'requester',
    many: 'requesters',
    span: 'c6',
    needs: 'user.id',
  },
  {
    list: 'client',
    title: 'Which clients are busiest?',
    one: 'client',
    many: 'clients',
    span: 'c6',
    needs: 'client.address',
  },
  {
    list: 'key',
    title: 'Which keys are read and written most?',
    one: 'key',
    many: 'keys',
    span: 'c6',
    needs: 'aws.s3.key',
  },
  {
    list: 'prefix',
    title: 'Which prefixes?',
    one: 'prefix',
    many: 'prefixes',
    span: 'c6',
    needs: 'aws.s3.key',
  },
  {
    list: 'agent',
    title: 'Which user agents?',
    one: 'user agent',
    many: 'user agents',
    span: 'c12',
    needs: 'user_agent.original',
  },
];

export const top: Page = (sel): Block[] => [order(), ...LISTS.map((a) => list(sel, a))];

function order(): Plain {
  const { entries, buckets, otherBuckets } = D.bounds.top;
  const shared = otherBuckets
    ? ` The ${F.count(buckets)} busiest buckets have their own, ${F.count(otherBuckets)} others share one.`
    : '';
  const words =
    `Lists hold the ${F.count(entries)} largest of each bucket. A figure behind ≤ may be too high, by at ` +
    `most what its title and the CSV say; one behind ≥ may be too low.${shared}`;
  const button = (key: 'n' | 'bytes', name: string) =>
    h(
      'button',
      {
        'type': 'button',
        'aria-pressed': String(state.order === key),
        'onclick': () => set({ order: key }),
      },
      name,
    );
  return {
    id: 'order',
    key: [state.order, words],
    node: () =>
      h(
        'div',
        { class: 'lede order', id: 'order' },
        h(
          'div',
          { 'class': 'seg', 'role': 'group', 'aria-label': 'Order by' },
          button('n', 'By requests'),
          button('bytes', 'By bytes'),
        ),
        h('span', null, words),
      ),
  };
}

const isDistinct = (list: TopList): list is DistinctList => list !== 'prefix' && list !== 'agent';

/** "About 614 different clients." */
function different(sel: Selection, a: About): string {
  if (!isDistinct(a.list)) return '';
  const d = distinct(sel.range, a.list, sel);
  if (!d || !d.high) return '';
  const names = (n: number) => F.plural(n, `different ${a.one}`, `different ${a.many}`);
  return d.low === d.high ? ` About ${names(d.low)}.` : ` About ${F.count(d.low)} to ${names(d.high)}.`;
}

/** Names of requesters; what accounts have in common is told apart by its account. */
function requesterNames(rows: TopRow[]): (x: TopRow) => string {
  const plain = (x: TopRow) => principal(x.name).name;
  const same = new Map<string, number>();
  for (const x of rows) same.set(plain(x), (same.get(plain(x)) ?? 0) + 1);
  return (x) => {
    const of = same.get(plain(x))! > 1 ? account(x.name) : '';
    return of ? `${plain(x)} (${of})` : plain(x);
  };
}

function list(sel: Selection, a: About): Panel {
  const by = state.order;
  const rows = rowsOf(sel.range, a.list, by, sel);
  const panel: Panel = {
    id: `top-${a.list}`,
    span: a.span,
    title: a.title,
    scope: listScope(sel),
    caption: caption(sel),
  };
  if (lacks(a.needs)) {
    return {
      ...panel,
      empty: empty(
        `No record carries ${a.needs}:`,
        'it is excluded on the receiver (logs.exclude_attributes).',
      ),
    };
  }
  if (!rows.length) {
    const sharing = shares(sel.range, sel);
    const calm = () => h('p', { class: 'calm' }, 'Nothing in this range.');
    return { ...panel, also: [sharing, sel.b?.size], node: () => (sharing ? sharesList(sel) : calm()) };
  }
  const t = totals({ b: sel.b, o: null, from: sel.range.since, to: D.end });
  const all = by === 'bytes' ? t.out + t.in : t.n;
  const share = (x: TopRow) => (all ? Math.min(1, x[by] / all) : 0);
  const words = by === 'bytes' ? F.bytes : (n: number) => F.plural(n, 'request');
  const shown = a.list === 'requester' ? topByRole(rows, by) : rows;
  const name = a.list === 'requester' ? requesterNames(shown) : (x: TopRow) => x.name || '(none)';
  const first = shown[0];
  const answer: Rich = [
    b(short(name(first), 48)),
    `: ${first.err ? 'at most ' : ''}${words(first[by])}, ` +
      `${F.percent(share(first))}.${different(sel, a)}`,
  ];
  const heading = a.one[0].toUpperCase() + a.one.slice(1);
  const figure = (x: TopRow, of: 'n' | 'bytes') => {
    const text = of === 'bytes' ? F.bytes(x.bytes) : F.count(x.n);
    if (of !== by) return h('span', { class: 'muted' }, x.err || by === 'bytes' ? `≥ ${text}` : text);
    const off = of === 'bytes' ? F.bytes(x.err) : F.count(x.err);
    return x.err ? h('span', { title: `too high by at most ${off}` }, `≤ ${text}`) : text;
  };
  const mark = (x: TopRow) =>
    a.list === 'key' || a.list === 'prefix'
      ? () => swatch(bucketColor([...x.parts].sort((p, q) => q[1] - p[1])[0][0]))
      : undefined;
  return {
    ...panel,
    answer,
    also: [by, all],
    table: {
      cols: [
        { t: heading },
        { t: by === 'n' ? 'Requests' : 'Requests, at least', num: true, f: F.count },
        { t: 'Bytes', num: true, f: F.bytes },
        {
          t: 'Too high by at most',
          csv: `Too high by at most (${by === 'n' ? 'requests' : 'bytes'})`,
          num: true,
          f: by === 'n' ? F.count : F.bytes,
        },
      ],
      rows: rows.map((x) => [x.name || (a.list === 'requester' ? 'Anonymous' : ''), x.n, x.bytes, x.err]),
    },
    node: () =>
      ranked(
        [
          { t: heading },
          { t: 'Requests', num: true },
          { t: 'Bytes', num: true },
          { t: 'Share', num: true, cls: 'opt' },
        ],
        shown.map((x) => ({
          name: name(x),
          title: x.name,
          mono: a.list !== 'requester' && a.list !== 'agent',
          mark: mark(x),
          v: x[by],
          parts: parts(x.parts),
          extra: [figure(x, 'n'), figure(x, 'bytes'), h('span', { class: 'muted' }, F.percent(share(x)))],
        })),
        10,
      ),
  };
}
