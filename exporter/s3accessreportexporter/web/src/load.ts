/** Data and shapes from the page's data blocks: base64 of gzip. No fetch: a file's policy forbids it. */
import type { Topology } from 'topojson-specification';
import type { Data } from './data';
import { byId } from './dom';

export const FORMAT = 1;

async function unpack(base64: string): Promise<unknown> {
  const raw = atob(base64.trim());
  const bytes = Uint8Array.from(raw, (c) => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
  return JSON.parse(await new Response(stream).text());
}

const block = (id: string): string => byId(id).textContent ?? '';

/** Throws when the block holds no data of this format. */
export async function loadData(): Promise<Data> {
  return checked(await unpack(block('data')));
}

export function checked(data: unknown): Data {
  const format = (data as Data | null)?.format;
  if (format !== FORMAT) throw new Error(`data of format ${String(format)}, this page reads ${FORMAT}`);
  return data as Data;
}

export const loadWorld = async (): Promise<Topology> => (await unpack(block('world'))) as Topology;
