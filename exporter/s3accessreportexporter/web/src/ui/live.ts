/** Looks for new data where the page is served. A look that fails is said, and tried again. */
import type { Data } from '../data';
import { byId } from '../dom';
import { checked } from '../load';

/** Seconds between two looks; 0 in a file. */
export function interval(): number {
  return location.protocol.startsWith('http') ? Number(byId('data').dataset.live) || 0 : 0;
}

/** Calls fresh with new data, and look after every look; does nothing in a file. */
export function watch(fresh: (data: Data) => void, look: (ok: boolean) => void): void {
  const { etag } = byId('data').dataset;
  const seconds = interval();
  if (!seconds) return;
  let known = etag ? `"${etag}"` : '';
  const once = async () => {
    try {
      const headers: Record<string, string> = known ? { 'If-None-Match': known } : {};
      const answer = await fetch('data', { headers, cache: 'no-store', credentials: 'same-origin' });
      if (answer.status === 200) {
        fresh(checked(await answer.json()));
        known = answer.headers.get('ETag') ?? ''; // only now: a body that cannot be read is asked for again
      }
      look(answer.ok || answer.status === 304);
    } catch {
      look(false);
    }
    setTimeout(next, seconds * 1000);
  };
  const next = () => {
    if (document.visibilityState === 'visible') void once();
    else document.addEventListener('visibilitychange', () => void once(), { once: true });
  };
  look(true);
  setTimeout(next, seconds * 1000);
}
