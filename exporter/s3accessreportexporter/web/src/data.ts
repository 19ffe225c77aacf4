/**
 * The report's data: what the exporter writes and the page reads.
 *
 * How it travels. The Go side makes one JSON text of `Data`, compresses it with gzip and writes it as
 * base64 into `<script type="text/plain" id="data">` of the template `bundle/page.html`. The template has
 * four placeholders, each there once:
 *   __POLICY__  content of the Content-Security-Policy meta: the text of `bundle/policy.txt` as it is.
 *               A served page gets the same with `connect-src 'self'` instead of `connect-src 'none'`
 *               (and as a header, with `frame-ancestors 'none'`).
 *   __LIVE__    seconds between two looks for new data when served (its `interval`); "0" in a file.
 *   __ETAG__    when served: the ETag of the embedded data, without quotes and weak mark; "" in a file.
 *   __DATA__    the base64 of the gzip of the JSON.
 * `GET data` (relative to the page) answers with the same JSON, application/json, Content-Encoding gzip, and
 * an ETag; `If-None-Match` gives 304.
 *
 * Rules.
 * - Times are milliseconds since 1970 (UTC) unless said otherwise. Minutes count from `Data.start`.
 * - Tables are column-wise: the arrays of one table have one length; row i is the i-th of each.
 * - Names from logs are numbers: `b` indexes `buckets`, `o` indexes `ops`, words index `dict`. -1 in a column
 *   `b` or `o` means "all that are in no list of their own" and is shown as "others".
 * - Figures are exact unless the comment says estimated.
 * - Texts are at most 256 bytes, valid UTF-8, otherwise raw: the page spells control characters out.
 *
 * Changes (newest first):
 * - `who` and `top.requester`: the session of an assumed role may be left out of the requester. Rows with
 *   sessions are added up by role on the page; without them lists hold more roles.
 */

/** Column of whole numbers. */
export type Column = number[];

export interface Data {
  /** 1. A page that knows another number says so instead of drawing. */
  format: 1;
  /** The setting `title`. */
  title: string;
  /** When this was written, by the machine's clock. */
  written: number;
  /** UTC midnight at or before the first row of `cells`, `hours`; minutes count from here. */
  start: number;
  /** Time of the oldest and the newest request that is charted; both 0 without a record. */
  oldest: number;
  newest: number;
  /** End of the newest minute: `newest` rounded up; a minute more when `newest` is whole. */
  end: number;
  /** Records counted, each once, whatever became of their detail. Malformed lines are not among them. */
  records: number;
  /** In the order of first appearance. A bucket `_other` holds what is beyond the limit of 200. */
  buckets: string[];
  /** The same with the limit of 100. */
  ops: string[];
  /** Index of `_other` in buckets and in ops; -1 when there is none. */
  otherBucket: number;
  otherOp: number;
  /** Widths of `cells`, oldest first. The first begins at or before `start`. */
  tiers: Tier[];
  cells: Cells;
  hours: Hours;
  security: SecurityCells;
  /** Always four, in this order: 3h, 24h, 7d, all. */
  ranges: Range[];
  places: Places;
  threats: Threats;
  quality: Quality;
  bounds: Bounds;
  /** Attribute name -> records that carried it. What is 0 empties panels, which name it. */
  attributes: Record<Attribute, number>;
  /** All words. */
  dict: string[];
}

/** Attributes whose absence from every record leaves a panel empty. */
export type Attribute =
  | 'aws.s3.operation'
  | 'http.response.status_code'
  | 'http.response.body.size'
  | 'aws.s3.object.size'
  | 'aws.s3.total_time'
  | 'aws.s3.turn_around_time'
  | 'aws.s3.key'
  | 'user.id'
  | 'client.address'
  | 'user_agent.original'
  | 'tls.protocol.version'
  | 'aws.signature.version'
  | 'aws.s3.auth_type'
  | 'aws.s3.acl_required'
  | 'geo.country.iso_code'
  | 'threat.indicator.ip'
  | 'log.record.uid';

/** Cells from `from` (aligned to `width` and to the width before it) on are `width` minutes wide. */
export interface Tier {
  from: number;
  width: number;
}

/**
 * Requests by time, bucket and operation, sorted by time, then bucket, then operation. Cells without a
 * request are left out. Nothing is older than the retention.
 */
export interface Cells {
  /** Minutes from `start` to the cell's begin, each as the difference to the row before (the first to 0). */
  dt: Column;
  b: Column;
  o: Column;
  /** Requests. */
  n: Column;
  /** Answered with 400 to 499, and with 500 to 599. */
  c4: Column;
  c5: Column;
  /** Bytes sent, and bytes added (by PUT, parts, POST and COPY that were answered below 400). */
  out: Column;
  in: Column;
  /** Sum of total times in ms, and requests that have one (others logged `-`). */
  ms: Column;
  timed: Column;
}

/**
 * Requests by hour and bucket over the whole retention, sorted by time, then bucket. The page takes them
 * where no operation is chosen and cells are wider than an hour. Columns as in `Cells`, without `o`.
 */
export interface Hours {
  /** Hours (not minutes) from `start`, each as the difference to the row before. */
  dt: Column;
  b: Column;
  n: Column;
  c4: Column;
  c5: Column;
  out: Column;
  in: Column;
  ms: Column;
  timed: Column;
}

/**
 * What security asks about. Index = the number in columns `k`.
 * A request through a website endpoint (operation WEBSITE.*) is anonymous and plain HTTP by design: it counts
 * as `website`, and as neither `anonymous` nor `http`. It counts in the other kinds.
 */
export const KINDS = [
  'anonymous', // 0 no requester, not a website endpoint
  'denied', // 1 status 403
  'tls', // 2 TLS below 1.2
  'http', // 3 no TLS, not a website endpoint
  'sigv2', // 4 Signature Version 2
  'acl', // 5 aclRequired Yes
  'presigned', // 6 authentication by query string
  'deleted', // 7 objects deleted or expired, status below 400
  'copied', // 8 objects and parts copied, status below 400
  'website', // 9 through a website endpoint
  'deniedAnonymous', // 10 status 403 and no requester: a part of 1, in `security` only, never in `who`
] as const;
export type Kind = (typeof KINDS)[number];

/** Requests by time, bucket and kind; cell widths are those of `tiers`. Sorted by time. */
export interface SecurityCells {
  /** As in `Cells`. */
  dt: Column;
  b: Column;
  k: Column;
  n: Column;
}

export type RangeId = '3h' | '24h' | '7d' | 'all';

/** What cannot be added up on the page, made in Go for one of the four ranges. */
export interface Range {
  id: RangeId;
  /**
   * Begin of the window; its end is `Data.end`. 3h: end - 3 h. 24h and 7d: the hour of the newest request and
   * the 23 or 167 hours before it. all: `start`, but not before the retention. Never before `start`.
   * The page begins with the hour where minutes are not told apart, and All with `since`.
   */
  from: number;
  /**
   * Begin of the oldest slice (hour, day, older) that the lists of this range are made of: at or before
   * `from`. The page says it where it differs.
   */
  since: number;
  sketches: Sketches;
  errors: ErrorRows;
  geo: GeoRows;
  top: Record<TopList, Top>;
  distinct: Record<DistinctList, Distinct>;
  who: WhoRows;
  /** The most telling first, five at most; empty on a calm range. They follow no filter and no zoom. */
  findings: Finding[];
}

/**
 * Quantile sketches (DDSketch with a logarithmic mapping) by bucket and operation, estimated with the
 * relative error `bounds.sketch.accuracy`. Bin i holds values from gamma^(i - offset) to
 * gamma^(i + 1 - offset).
 * The pairs beyond `bounds.sketch.pairs` are in one row with b -1 and o -1.
 */
export interface Sketches {
  b: Column;
  o: Column;
  /** Largest total time in ms; exact. */
  max: Column;
  /** Requests with a total time of 0 ms, and with a turn-around time of 0 ms: in no bin. */
  zero: Column;
  zeroFirst: Column;
  /** Total time: bin, count, bin, count, ...; each bin as the difference to the one before (first: to 0). */
  total: Column[];
  /** Turn-around time, until the first byte: the same. */
  first: Column[];
}

/** Requests answered with 400 and more, by status and S3's error code. At most `bounds.errors` rows. */
export interface ErrorRows {
  b: Column;
  o: Column;
  status: Column;
  /** Word; "" when S3 logged `-`. */
  code: Column;
  n: Column;
}

/** Requests by bucket and place. What has no place is in no row. */
export interface GeoRows {
  b: Column;
  /** Index in `places`; -1 is "other places", beyond `bounds.places`. */
  p: Column;
  n: Column;
}

export type TopList = 'requester' | 'client' | 'key' | 'prefix' | 'agent';

/** One list in two orders: each is a summary of its own. */
export interface Top {
  n: TopRows;
  bytes: TopRows;
}

/**
 * Space-Saving: the listed figure (`n` in the order by requests, `bytes` in that by bytes) is never too low
 * and too high by at most `err`. The other figure counts from when the row entered the list: at least that.
 * Requests of no bytes are in no row by bytes.
 * Each bucket has its list (`bounds.top.entries` rows); buckets beyond `bounds.top.buckets` share one, b -1.
 * Sorted by bucket, then the listed figure, largest first. An anonymous requester is the word "".
 */
export interface TopRows {
  b: Column;
  /** Word. */
  w: Column;
  n: Column;
  /** Bytes sent and added. */
  bytes: Column;
  /** In requests or in bytes, by the order. 0: exact. */
  err: Column;
}

export type DistinctList = 'requester' | 'client' | 'key';

/** HyperLogLog: estimated with the standard error `bounds.distinct.error`. */
export interface Distinct {
  /** In the whole range, over all buckets. */
  all: number;
  /** By bucket, as long as `buckets`; -1: not counted apart. */
  bucket: Column;
}

/**
 * Who did what, by `KINDS` and bucket, sorted by count, largest first. Counted by Space-Saving as `TopRows`.
 * At most `bounds.who` rows by kind and bucket.
 */
export interface WhoRows {
  k: Column;
  b: Column;
  /** Word: the requester as logged; "" for an anonymous one. */
  w: Column;
  /** Word: the client's address of the newest request; for an anonymous one its network (/24, /48). */
  via: Column;
  /** Word: denied: error code; tls: version; http, copied, deleted, others: operation. */
  what: Column;
  n: Column;
  /** `n` is too high by at most this. */
  err: Column;
  /** Time of the newest of these requests. */
  last: Column;
}

export type PageId = 'overview' | 'details' | 'threats' | 'security' | 'top' | 'latency' | 'quality';

/** A text is shown as it is, a number is a time, a pair is a range of time. */
export type Part = string | number | [number, number];

export interface Finding {
  kind: 'errors' | 'denied' | 'threats' | 'growth' | 'deletions' | 'tls';
  /** One line; buckets and names in full. */
  title: Part[];
  /** One sentence or two, with figures. */
  text: Part[];
  /** Words of the link, such as "Who was denied?". */
  link: string;
  /** Where the link leads. */
  page: PageId;
  /** Window and filter that the link sets; absent: those of the page stay. */
  from?: number;
  to?: number;
  b?: number;
  o?: number;
}

/** Places of clients and of threats. */
export interface Places {
  /** ISO 3166-1 alpha-2, "" when unknown. */
  country: string[];
  /** Locality, "" when unknown. */
  city: string[];
  /** Degrees; null when unknown: the page puts the dot amid the country. */
  lat: (number | null)[];
  lon: (number | null)[];
}

/** Index = the number in the column `conf`: the receiver's words. */
export const CONFIDENCES = ['High', 'Medium', 'Low', 'None'] as const;

/**
 * Requests of clients that are on a threat feed, by time, bucket, operation and client. Cell widths are those
 * of `tiers`. At most `bounds.threats` rows: then the smallest are added up by bucket with the word "_other"
 * as client.
 */
export interface Threats {
  /** As in `Cells`. */
  dt: Column;
  b: Column;
  o: Column;
  /** Words: address, actor ("" when the feed names none), type and feed. */
  client: Column;
  actor: Column;
  type: Column;
  feed: Column;
  conf: Column;
  /** Index in `places`; -1: unknown. */
  place: Column;
  /** Requests, and those among them that were answered below 400. */
  n: Column;
  ok: Column;
  first: Column;
  last: Column;
  /** Names of the feeds that any record matched, in the order of the alphabet. */
  feeds: string[];
}

export interface Quality {
  /** Lines that the receiver could not read: records of the event `aws.s3.server_access.malformed`. */
  malformed: number;
  /** By reason, most first, `bounds.reasons` at most. */
  reasons: { reason: string; n: number; last: number; bucket: string; example: string }[];
  /** Values outside AWS's documented ones, most first: field as AWS names it, value as logged. */
  unexpected: { field: string; value: string; n: number; last: number }[];
  /** Records offered again, by `log.record.uid`, and left out. */
  repeated: number;
  /** Records without a uid: their repetitions cannot be seen. */
  noUid: number;
  /** Records without a time of the request or a bucket, and other records that are not S3's: left out. */
  ignored: number;
  /** Newer than the machine's clock and a day: counted here, charted nowhere. */
  future: number;
  /** Older than the retention when they came: counted here, charted nowhere. */
  old: number;
  /** Texts cut at 256 bytes. */
  cut: number;
  /** Different names in `_other`, at least this many: buckets beyond 200, operations beyond 100. */
  otherBuckets: number;
  otherOps: number;
}

/** Limits and errors as they are now: memory may have made lists smaller. */
export interface Bounds {
  /** Retention in ms. */
  retention: number;
  /** Budget of cells, how many are used, and whether the oldest coarsened beyond the plan. */
  cells: { budget: number; used: number; coarsened: boolean };
  /** Uids that are remembered. */
  uids: number;
  sketch: { gamma: number; offset: number; accuracy: number; pairs: number; otherPairs: number };
  /** Standard error, such as 0.016. */
  distinct: { error: number };
  /** Rows of a list, buckets with a list of their own, and how many share the last. */
  top: { entries: number; buckets: number; otherBuckets: number };
  /** Rows of security lists by kind and bucket; of threats; of places; of errors; of reasons. */
  who: number;
  threats: number;
  places: number;
  errors: number;
  reasons: number;
}
