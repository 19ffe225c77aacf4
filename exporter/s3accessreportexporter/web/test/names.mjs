// Who: names of requesters and what they are, on lists of Security and Top.
import { visit } from './browser.mjs';

const ALICE = 'arn:aws:iam::111122223333:user/alice';
const ROLE = 'arn:aws:sts::111122223333:assumed-role/etl-orders/job';
const OTHER = 'arn:aws:sts::111122223333:assumed-role/etl-clicks/job';
const PARTNER = 'arn:aws:iam::444455556666:user/partner-sync';

/** Data whose requesters are of other kinds. */
export function others(data) {
  const names = new Map([
    [ALICE, 'AmazonS3'],
    [OTHER, ROLE.replace('111122223333', '444455556666')],
    [PARTNER, 'arn:aws:sts::444455556666:federated-user/bob'],
    ['arn:aws:iam::444455556666:user/legacy-ftp-bridge', 'arn:aws:iam::444455556666:root'],
  ]);
  const copy = structuredClone(data);
  copy.dict = copy.dict.map((word) => names.get(word) ?? word);
  return copy;
}

export async function names({ page, check }, url) {
  await visit(page, url, 'p=security&r=7d');
  const rows = (id) =>
    page.evaluate(
      (panel) =>
        [...document.querySelectorAll(`#${panel} td.name`)].map((td) =>
          [td.querySelector('.mid'), td.querySelector('.sub')].map((el) => el?.textContent).join(': '),
        ),
      id,
    );
  const copied = await rows('who-copied');
  check(copied.includes('AmazonS3: AWS service · REST.COPY.OBJECT'), true, `AmazonS3 is a service: ${copied}`);
  const acl = (await rows('who-acl')).join('\n');
  check(/^bob: federated user 444455556666 · /m.test(acl), true, `a federated user: ${acl}`);
  check(/^root: account 444455556666 · /m.test(acl), true, `the root of an account: ${acl}`);
  await visit(page, url, 'p=top&r=7d');
  const same = (await rows('top-requester')).filter((name) => name.startsWith('etl-orders'));
  const want = ['etl-orders (111122223333): ', 'etl-orders (444455556666): '];
  check(same.sort(), want, 'two roles of one name are told apart by account');
}
