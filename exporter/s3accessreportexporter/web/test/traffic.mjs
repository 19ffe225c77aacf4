// Invented requests of a week: six buckets, an incident, a burst of denied reads, threats, an upload.
// Documentation addresses only, at places they are invented to be in.
import { random } from './random.mjs';

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
const KIB = 1024;
const MIB = 1024 * KIB;

export const START = Date.UTC(2026, 10, 9);
export const NEWEST = Date.UTC(2026, 10, 17, 15, 42, 8);

export const BUCKETS = [
  'example-data-lake',
  'www.example.org',
  'example-shop-assets',
  'example-backup-vault',
  'example-media-uploads',
  'example-partner-exchange',
];

export const PLACES = {
  ashburn: ['US', 'Ashburn', 39.04, -77.49],
  portland: ['US', 'Portland', 45.52, -122.68],
  frankfurt: ['DE', 'Frankfurt am Main', 50.11, 8.68],
  dublin: ['IE', 'Dublin', 53.35, -6.26],
  london: ['GB', 'London', 51.51, -0.13],
  paris: ['FR', 'Paris', 48.86, 2.35],
  amsterdam: ['NL', 'Amsterdam', 52.37, 4.9],
  warsaw: ['PL', 'Warsaw', 52.23, 21.01],
  madrid: ['ES', 'Madrid', 40.42, -3.7],
  milan: ['IT', 'Milan', 45.46, 9.19],
  tokyo: ['JP', 'Tokyo', 35.69, 139.69],
  mumbai: ['IN', 'Mumbai', 19.08, 72.88],
  saopaulo: ['BR', 'São Paulo', -23.55, -46.63],
  toronto: ['CA', 'Toronto', 43.65, -79.38],
  sydney: ['AU', 'Sydney', -33.87, 151.21],
  singapore: ['SG', 'Singapore', 1.29, 103.85],
  bucharest: ['RO', 'Bucharest', 44.43, 26.1],
  hanoi: ['VN', 'Hanoi', 21.03, 105.85],
  istanbul: ['TR', 'Istanbul', 41.01, 28.98],
  kenya: ['KE', '', null, null],
};

export const FEED = {
  '198.51.100.23': { actor: 'INVENTED HERON', conf: 0, type: 'c2', feed: 'Example Feed', place: 'bucharest' },
  '203.0.113.71': {
    actor: 'FICTIONAL OTTER',
    conf: 1,
    type: 'scanner',
    feed: 'Example Feed',
    place: 'hanoi',
  },
  '2001:db8:77::5': {
    actor: 'IMAGINARY LYNX',
    conf: 0,
    type: 'theft',
    feed: 'Sample STIX',
    place: 'istanbul',
  },
  '198.51.100.140': { actor: '', conf: 2, type: 'scanner', feed: 'Own list', place: 'saopaulo' },
  '192.0.2.200': { actor: '', conf: 3, type: 'tor-exit', feed: 'Own list', place: 'amsterdam' },
};

const AGENTS = {
  etl: 'Hadoop 3.4.2, aws-sdk-java/2.31.9',
  app: 'aws-sdk-go-v2/1.39.2 os/linux lang/go#1.26',
  backup: 'restic/0.18.0 minio-go/7.0.95',
  media: 'Boto3/1.40.21 md/Botocore#1.40.21 ua/2.1 os/linux',
  legacy: 'aws-sdk-java/1.11.34 Java_HotSpot/1.7.0_80',
  cli: 'aws-cli/2.31.4 md/awscrt#0.27.6 os/linux',
  chrome: 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/142.0.0.0 Safari/537.36',
  firefox: 'Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0',
  cdn: 'Amazon CloudFront',
  scan: 'python-requests/2.32.5',
};
const role = (name, session) => `arn:aws:sts::111122223333:assumed-role/${name}/${session}`;
const two = (n) => String(n).padStart(2, '0');
const dayOf = (t) => new Date(t).toISOString().slice(0, 10);

/** Calls emit(time, bucket, request) for every request, in about the order of time. */
export function traffic(seed, emit) {
  const r = random(seed);
  const address = (net, a, z) => `${net}${a + r.int(z - a + 1)}`;
  const visitors = [
    [30, ['198.51.100.', 30, 79, 'ashburn']],
    [14, ['192.0.2.', 30, 59, 'frankfurt']],
    [10, ['192.0.2.', 60, 79, 'london']],
    [9, ['192.0.2.', 80, 95, 'paris']],
    [6, ['192.0.2.', 96, 105, 'amsterdam']],
    [5, ['192.0.2.', 106, 112, 'warsaw']],
    [4, ['192.0.2.', 119, 124, 'madrid']],
    [4, ['192.0.2.', 125, 130, 'milan']],
    [8, ['2001:db8:40::', 10, 99, 'tokyo']],
    [6, ['2001:db8:41::', 10, 99, 'mumbai']],
    [5, ['2001:db8:42::', 10, 29, 'saopaulo']],
    [5, ['198.51.100.', 90, 99, 'toronto']],
    [4, ['198.51.100.', 100, 106, 'sydney']],
    [4, ['198.51.100.', 107, 112, 'singapore']],
    [1, ['198.51.100.', 125, 126, 'kenya']],
  ];
  const visitor = () => {
    const [net, a, z, place] = r.weighted(visitors);
    return { ip: address(net, a, z), place };
  };
  const at = (net, a, z, place) => ({ ip: address(net, a, z), place });
  const size = (median, sigma) => Math.round(r.around(median, sigma));
  const browser = () => r.pick([AGENTS.chrome, AGENTS.firefox]);

  const makers = [
    (t) => {
      // data lake
      const who = r.weighted([
        [5, role('etl-orders', 'job')],
        [3, role('etl-clicks', 'job')],
        [1, 'arn:aws:iam::111122223333:user/alice'],
      ]);
      const key = `${r.pick(['orders', 'clicks', 'sessions'])}/dt=${dayOf(t)}/part-${two(r.int(40))}.parquet`;
      return {
        who,
        ...at('192.0.2.', 10, 17, 'frankfurt'),
        agent: AGENTS.etl,
        key,
        ...r.weighted([
          [48, { o: 'REST.GET.OBJECT', status: 206, out: size(5 * MIB, 0.9), ms: r.around(120, 0.7) }],
          [16, { o: 'REST.HEAD.OBJECT', status: r.next() < 0.12 ? 404 : 200, ms: r.around(14, 0.45) }],
          [14, { o: 'REST.GET.BUCKET', out: size(180 * KIB, 0.6), ms: r.around(96, 0.5), key: '' }],
          [9, { o: 'REST.PUT.OBJECT', in: size(3.4 * MIB, 0.8), ms: r.around(210, 0.6) }],
          [1, { o: 'REST.COPY.OBJECT', in: size(4 * MIB, 0.7), ms: r.around(260, 0.5), copied: true }],
          [0.5, { o: 'REST.GET.ACL', status: 403, code: 'AccessDenied', out: 240, ms: r.around(18, 0.4) }],
        ]),
      };
    },
    () => {
      // website
      const miss = r.next() < 0.035;
      return {
        o: 'WEBSITE.GET.OBJECT',
        status: miss ? 404 : 200,
        code: miss ? 'NoSuchKey' : '',
        who: '',
        ...visitor(),
        out: miss ? 320 : size(16 * KIB, 0.5),
        ms: r.around(24, 0.55),
        tls: '',
        website: true,
        agent: r.next() < 0.0006 ? '<script>alert("x")</script><img src=x onerror=alert(1)>' : browser(),
        key: miss
          ? r.pick(['wp-login.php', '.env'])
          : r.pick(['index.html', 'assets/app.js', 'about/index.html']),
      };
    },
    () => {
      // shop
      const file = r.pick(['original', 'thumb 320x240', 'zoom']);
      const key = `media/products/${10000 + r.int(900)}/${file}.webp`;
      const late = r.next() < 0.03;
      return {
        key,
        ...r.weighted([
          [
            58,
            {
              o: 'REST.GET.OBJECT',
              out: size(180 * KIB, 0.9),
              ms: r.around(31, 0.6),
              agent: AGENTS.cdn,
              who: 'svc:cloudfront.amazonaws.com',
              ...at('198.51.100.', 200, 239, r.pick(['ashburn', 'tokyo'])),
            },
          ],
          [
            12,
            {
              o: 'REST.GET.OBJECT',
              status: late ? 403 : 200,
              code: late ? 'RequestExpired' : '',
              out: size(420 * KIB, 0.8),
              ms: r.around(38, 0.6),
              who: role('shop-api', 'task'),
              ...visitor(),
              agent: browser(),
              presigned: true,
            },
          ],
          [
            20,
            {
              o: 'REST.PUT.OBJECT',
              in: size(520 * KIB, 0.8),
              ms: r.around(88, 0.55),
              agent: AGENTS.app,
              who: role('shop-api', 'task'),
              ...at('198.51.100.', 10, 21, 'ashburn'),
            },
          ],
          [
            0.4,
            {
              o: 'REST.DELETE.OBJECT',
              status: 204,
              ms: r.around(36, 0.4),
              who: role('shop-api', 'task'),
              ...at('198.51.100.', 10, 21, 'ashburn'),
              agent: AGENTS.app,
              deleted: true,
            },
          ],
          [
            0.2,
            {
              o: 'REST.GET.OBJECT',
              status: 500,
              code: 'InternalError',
              out: 280,
              ms: r.around(900, 0.4),
              who: role('shop-api', 'task'),
              ...at('198.51.100.', 10, 21, 'ashburn'),
              agent: AGENTS.app,
            },
          ],
        ]),
      };
    },
    (t) => ({
      // backup
      who: role('nightly-backup', 'agent'),
      ...at('192.0.2.', 20, 23, 'dublin'),
      agent: AGENTS.backup,
      key: `db-${r.pick(['orders', 'catalogue'])}/${dayOf(t)}/data/${r.int(4096).toString(16)}`,
      ...r.weighted([
        [40, { o: 'REST.PUT.OBJECT', in: size(4.8 * MIB, 0.5), ms: r.around(260, 0.5) }],
        [22, { o: 'REST.HEAD.OBJECT', status: r.next() < 0.3 ? 404 : 200, ms: r.around(13, 0.4) }],
        [12, { o: 'REST.GET.BUCKET', out: size(60 * KIB, 0.4), ms: r.around(80, 0.4), key: '' }],
      ]),
    }),
    () => ({
      // media
      who: role('media-ingest', 'uploader'),
      ...at('203.0.113.', 8, 13, 'london'),
      agent: AGENTS.media,
      key: `raw/2026/shoot-${two(1 + r.int(14))}/clip-${two(r.int(60))}.mov`,
      ...r.weighted([
        [44, { o: 'REST.PUT.PART', in: r.pick([16, 32, 48]) * MIB, ms: r.around(2100, 0.45), first: 120 }],
        [
          30,
          { o: 'REST.GET.OBJECT', status: 206, out: size(7 * MIB, 0.6), ms: r.around(340, 0.6), first: 32 },
        ],
      ]),
    }),
    (t) => {
      // partner
      const old = r.next() < 0.16;
      return {
        who: `arn:aws:iam::444455556666:user/${old ? 'legacy-ftp-bridge' : 'partner-sync'}`,
        ...at('203.0.113.', 30, 33, 'warsaw'),
        agent: old ? AGENTS.legacy : AGENTS.cli,
        tls: old ? r.pick(['1.0', '1.1']) : '1.2',
        acl: r.next() < 0.3,
        sigv2: old && t < NEWEST - 5 * DAY,
        key: `${r.pick(['inbound', 'outbound'])}/invoices/2026-11-${two(1 + r.int(17))}.csv`,
        ...r.weighted([
          [34, { o: 'REST.GET.OBJECT', out: size(240 * KIB, 0.9), ms: r.around(44, 0.5) }],
          [20, { o: 'REST.PUT.OBJECT', in: size(300 * KIB, 0.9), ms: r.around(96, 0.5) }],
          [
            3,
            {
              o: 'REST.PUT.OBJECT',
              status: 403,
              code: r.pick(['AccessDenied', 'RequestTimeTooSkewed']),
              out: 300,
              ms: r.around(20, 0.4),
            },
          ],
        ]),
      };
    },
  ];

  const perDay = [5300, 4900, 4600, 650, 450, 490];
  const add = (t, b, q) => {
    const when = t + r.int(MINUTE);
    if (when <= NEWEST) emit(when, b, q);
  };
  for (let t = START; t <= NEWEST; t += MINUTE) {
    const hour = new Date(t).getUTCHours();
    const busy = 0.4 + 1.2 * Math.sin((Math.PI * Math.max(0, hour - 4)) / 20) ** 2;
    makers.forEach((make, b) => {
      if (b === 5 && t >= Date.UTC(2026, 10, 15, 1) && t < Date.UTC(2026, 10, 15, 6)) return;
      const night = b === 3 ? (hour >= 1 && hour < 4 ? 5 : 0.4) : busy;
      for (let n = r.poisson((perDay[b] / 1440) * night); n > 0; n--) add(t, b, make(t));
    });
    if (hour === 2) for (let n = r.poisson(8); n > 0; n--) add(t, 3, { ...makers[3](t), ...BATCH });
    events(r, t, add, makers);
  }
  emit(NEWEST, 1, { ...makers[1](NEWEST), status: 200, code: '' });
}

const BATCH = { o: 'BATCH.DELETE.OBJECT', status: 204, in: 0, out: 0, ms: 30, deleted: true };

/** What stands out of the week. */
function events(r, t, add, makers) {
  const within = (h, m, minutes) => {
    const from = Date.UTC(2026, 10, 17, h, m);
    return t >= from && t < from + minutes * MINUTE;
  };
  if (within(13, 58, 15)) {
    for (let n = r.poisson(60); n > 0; n--) {
      const slow = r.next() < 0.6;
      const answer = slow ? { status: 503, code: 'SlowDown', out: 320, in: 0 } : {};
      add(t, 0, { ...makers[0](t), ms: r.around(slow ? 60 : 780, 0.5), ...answer });
    }
  }
  if (within(15, 5, 19)) {
    for (let n = r.poisson(38); n > 0; n--) {
      const ip = `203.0.113.${64 + r.int(12)}`;
      add(t, 3, {
        o: r.pick(['REST.GET.OBJECT', 'REST.GET.BUCKET']),
        status: 403,
        code: 'AccessDenied',
        out: 243,
        ms: r.around(11, 0.4),
        who: '',
        ip,
        place: 'bucharest',
        agent: AGENTS.scan,
        tls: '1.2',
        key: `dump/${r.pick(['latest.sql.gz', 'backup.tar'])}`,
      });
    }
  }
  if (within(14, 20, 78)) {
    for (let n = r.poisson(6); n > 0; n--) {
      add(t, 4, {
        ...makers[4](t),
        o: 'REST.PUT.PART',
        status: 200,
        in: 64 * MIB,
        out: 0,
        ms: r.around(3900, 0.3),
      });
    }
  }
  const probe = (ip, b, q) =>
    add(t, b, { ip, place: FEED[ip].place, agent: AGENTS.scan, who: '', ms: 14, ...q });
  const denied = { o: 'REST.GET.BUCKET', status: 403, code: 'AccessDenied', out: 260 };
  const page = { o: 'WEBSITE.GET.OBJECT', out: 14 * KIB, key: 'index.html', tls: '', website: true };
  if (r.next() < 0.01) probe('198.51.100.140', 1, { ...page, status: 404, code: 'NoSuchKey', key: '.env' });
  if (r.next() < 0.012) probe('192.0.2.200', 1, page);
  if (within(14, 36, 12)) probe('2001:db8:77::5', 0, denied);
  if (within(13, 0, 32)) {
    const who = 'arn:aws:iam::444455556666:user/partner-sync';
    probe('198.51.100.23', 5, {
      o: 'REST.GET.OBJECT',
      out: 260 * KIB,
      key: 'outbound/invoices/2026-11-03.csv',
      who,
    });
  }
}
