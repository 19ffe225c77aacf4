/** Data and shapes from the page's data blocks: base64 of gzip. No fetch: a file's policy forbids it. */
import type { Topology } from 'topojson-specification';
import type { Data } from './data';
import { byId } from './dom';

export const FORMAT = 1;

async function unpack(base64: string): Promise<unknown> {
  return JSON.parse(await inflate(bytesOf(base64.trim())));
}

interface FromBase64 {
  fromBase64?: (text: string) => Uint8Array<ArrayBuffer>;
}

// Uint8Array.from with a function takes 15 times as long. Browsers before 2025 have no fromBase64.
function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  const { fromBase64 } = Uint8Array as FromBase64;
  if (fromBase64) return fromBase64(base64);
  const raw = atob(base64);
  const bytes = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; i++) bytes[i] = raw.charCodeAt(i);
  return bytes;
}

// A Response of the stream, and a Blob before it, take four times as long as this.
async function inflate(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const stream = new DecompressionStream('gzip');
  const writer = stream.writable.getWriter();
  const written = writer.write(bytes).then(() => writer.close());
  const reader = stream.readable.getReader();
  const decoder = new TextDecoder();
  let text = '';
  for (;;) {
    const { value, done } = await reader.read();
    if (done) break;
    text += decoder.decode(value, { stream: true });
  }
  await written;
  return text + decoder.decode();
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
