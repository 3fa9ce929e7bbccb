// What a player appends to its SourceBuffers, seen below livetape's own tap: the truth that recordings are compared with.
import type { Page } from 'playwright-core';

/** Bytes of one SourceBuffer in the order they were appended, since the page was opened. */
export interface Appended {
  readonly mime: string;
  readonly bytes: Buffer;
}

declare global {
  var appended: { mime: string; parts: Uint8Array<ArrayBuffer>[] }[];
}

/** For `addInitScript`: runs before any script of the page, so the tap's hooks are put around these. */
export function watchAppends(): void {
  globalThis.appended = [];
  const known = new WeakMap<SourceBuffer, Uint8Array<ArrayBuffer>[]>();
  const add = MediaSource.prototype.addSourceBuffer;
  MediaSource.prototype.addSourceBuffer = function (this: MediaSource, mime: string) {
    const buffer = add.call(this, mime);
    const parts: Uint8Array<ArrayBuffer>[] = [];
    known.set(buffer, parts);
    globalThis.appended.push({ mime, parts });
    return buffer;
  };
  const append = SourceBuffer.prototype.appendBuffer;
  SourceBuffer.prototype.appendBuffer = function (this: SourceBuffer, data: BufferSource) {
    append.call(this, data);
    const bytes = ArrayBuffer.isView(data) ? new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength) : new Uint8Array(data as ArrayBuffer);
    known.get(this)?.push(bytes.slice());
  };
}

/** Everything appended so far, one entry a SourceBuffer. */
export async function takeAppended(page: Page): Promise<Appended[]> {
  const found = await page.evaluate(() =>
    Promise.all(
      appended.map(async ({ mime, parts }) => {
        const reader = new FileReader();
        const read = new Promise((resolve) => reader.addEventListener('load', resolve, { once: true }));
        reader.readAsDataURL(new Blob(parts));
        await read;
        return { mime, base64: String(reader.result).replace(/^.*?,/, '') };
      }),
    ),
  );
  return found.map(({ mime, base64 }) => ({ mime, bytes: Buffer.from(base64, 'base64') }));
}
