/** Who: an ARN is long and its head is noise; the whole of it is in the title and the CSV. */

export interface Principal {
  name: string;
  kind: string;
}

/** Name of a requester as logged; "" is an anonymous one. */
export function principal(requester: string): Principal {
  if (!requester) return { name: 'Anonymous', kind: 'anonymous' };
  const role = /assumed-role\/([^/]+)/.exec(requester);
  if (role) return { name: role[1], kind: 'role' };
  const user = /:(federated-)?user\/(.+)$/.exec(requester);
  if (user) return { name: user[2], kind: userKind(requester, user[1]) };
  if (/^arn:[^:]*:iam::\d{12}:root$/.test(requester)) return { name: 'root', kind: 'account' };
  if (/^Amazon\w*$/.test(requester)) return { name: requester, kind: 'AWS service' };
  const service = /^svc:(.+?)(\.amazonaws\.com)?$/.exec(requester);
  if (service) return { name: service[1], kind: 'AWS service' };
  return { name: requester, kind: 'account' };
}

/** Users of the account cloudfront are its origin access identities. */
function userKind(requester: string, federated: string | undefined): string {
  if (requester.includes('::cloudfront:')) return 'AWS service';
  return federated ? 'federated user' : 'user';
}

/** An assumed role without the name of its session; anything else as it is. */
export const withoutSession = (requester: string): string =>
  requester.replace(/(:assumed-role\/[^/]+)\/.*$/s, '$1');

/** Account of an ARN, "" without one. */
export const account = (requester: string): string => /::(\d{12}):/.exec(requester)?.[1] ?? '';

const regions = new Intl.DisplayNames('en', { type: 'region' });

/** Name of a country by its ISO code; what is no code is shown as it is. */
export function country(code: string): string {
  if (!code) return 'Unknown country';
  return /^[A-Z]{2}$/.test(code) ? (regions.of(code) ?? code) : code;
}

const FAMILIES: [string, RegExp][] = [
  ['read', /GET\.OBJECT|HEAD\.OBJECT/],
  ['list', /GET\.BUCKET$|LIST|VERSIONS|GET\.UPLOADS/],
  ['delete', /DELETE|EXPIRE/],
  ['write', /PUT|POST|COPY/],
  ['config', /./],
];
const DEPTH: Record<string, number> = { read: 3, list: 2, write: 3, delete: 2, config: 1 };

/** Colour tokens of operations in order of rank: hue is the family, lightness the rank in it. */
export function operationColors(ops: string[], rank: number[]): string[] {
  const seen: Record<string, number> = {};
  const colors: string[] = [];
  for (const o of rank) {
    const family = FAMILIES.find(([, re]) => re.test(ops[o]))?.[0] ?? 'config';
    seen[family] = Math.min(DEPTH[family], (seen[family] ?? 0) + 1);
    colors[o] = `--${family}-${seen[family]}`;
  }
  return colors;
}
