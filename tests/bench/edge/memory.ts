// How much memory the runtime takes while it carries files, small and large.
import { send } from './client.ts';
import type { Setting } from './routes.ts';
import { forgetMost, most, workerd } from './runtime.ts';

const mebibyte = 1 << 20;

/** Bytes of a file, and the most memory that the runtime had while it was sent and while it was read. */
export interface Memory {
  readonly bytes: number;
  readonly sending: number;
  readonly reading: number;
}

async function during(work: () => Promise<unknown>): Promise<number> {
  const pid = workerd();
  forgetMost(pid);
  await work();
  return most(pid);
}

/** An upload of so many MiB, in requests of 64 MiB, and its download. */
export async function memory({ edge, key }: Setting, size: number): Promise<Memory> {
  const tus = { 'tus-resumable': '1.0.0' };
  const bytes = size * mebibyte;
  const made = await send('POST', `${edge}/v1/uploads`, { key, headers: { ...tus, 'upload-length': String(bytes) } });
  const url = String(made.headers.location);
  const piece = Buffer.alloc(Math.min(bytes, 64 * mebibyte), 'livetape');
  const sending = await during(async () => {
    for (let at = 0; at < bytes; at += piece.length) {
      const headers = { ...tus, 'content-type': 'application/offset+octet-stream', 'upload-offset': String(at) };
      await send('PATCH', url, { headers, body: piece.subarray(0, bytes - at) });
    }
  });
  const reading = await during(() => send('GET', url));
  await send('DELETE', url, { headers: tus });
  return { bytes, sending, reading };
}
