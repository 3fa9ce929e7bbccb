/** The latest picture of a recording: its last stored keyframe, decoded here by WebCodecs. No player, no more than that one picture's bytes. */
import { picture } from '../sdk/src/picture.js';
import { ask, playAddress, type Recording } from './api.js';

/** Objects are shorter than 6.5 s: so far from the end there is the beginning of one, and it is not that of the range asked for. */
const reach = 14;
/** Of a list of sample descriptions the first lies behind these bytes, ISO/IEC 14496-12 §8.5.2. */
const stsdHeader = 8;

export interface LatestPicture {
  /** Where its keyframe is: the same address is the same picture. */
  readonly address: string;
  /** Decodes it. Rejects with a `LiveTapeError` where the browser cannot. */
  decode(): Promise<Blob>;
}

/** Where the last keyframe of `recording` is that `play` (its id, or a token) opens; nothing where there is none. */
export async function latestPicture(recording: Recording, play: string): Promise<LatestPicture | undefined> {
  const codec = recording.tracks.find(({ kind }) => kind === 'video')?.codec;
  if (!codec || recording.objects === 0) return undefined;
  const end = (recording.from ?? 0) + recording.duration;
  const playlist = await ask(playAddress(play, `iframes.m3u8?start=${Math.max(0, end - reach).toFixed(3)}`));
  const last = lastKeyframe(await playlist.text());
  if (!last) return undefined;
  const load = async (path: string): Promise<Uint8Array<ArrayBuffer>> => (await ask(playAddress(play, path))).bytes();
  return { address: last.file, decode: () => decode(codec, last, load) };
}

/** A keyframe of a playlist: its file, the init segment and the key that go with it. */
interface Keyframe {
  readonly file: string;
  readonly init: string;
  readonly key: { readonly address: string; readonly iv: Uint8Array<ArrayBuffer> } | undefined;
}

/** The last file that is no gap. */
function lastKeyframe(playlist: string): Keyframe | undefined {
  let init: string | undefined;
  let key: { readonly address: string; readonly iv: string | undefined } | undefined;
  let number = BigInt(/^#EXT-X-MEDIA-SEQUENCE:(\d+)/m.exec(playlist)?.[1] ?? 0);
  let isGap = false;
  let last: Keyframe | undefined;
  for (const line of playlist.split('\n')) {
    if (line.startsWith('#')) {
      init = /^#EXT-X-MAP:.*URI="([^"]+)"/.exec(line)?.[1] ?? init;
      isGap ||= line === '#EXT-X-GAP';
      const address = /^#EXT-X-KEY:.*URI="([^"]+)"/.exec(line)?.[1];
      if (line.startsWith('#EXT-X-KEY:')) key = address ? { address, iv: /[:,]IV=0x([0-9a-f]+)/i.exec(line)?.[1] } : undefined;
    } else if (line) {
      if (!isGap && init) last = { file: line, init, key: key && { address: key.address, iv: bytesOf(key.iv ?? number.toString(16)) } };
      isGap = false;
      number += 1n;
    }
  }
  return last;
}

/** A number of 128 bits, RFC 8216bis §5.2. */
function bytesOf(hexadecimal: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(hexadecimal.padStart(32, '0').match(/../g) ?? [], (byte) => parseInt(byte, 16));
}

async function decode(codec: string, keyframe: Keyframe, load: (path: string) => Promise<Uint8Array<ArrayBuffer>>): Promise<Blob> {
  const [init, stored] = await Promise.all([load(keyframe.init), load(keyframe.file)]);
  const file = keyframe.key ? await decrypted(stored, await load(keyframe.key.address), keyframe.key.iv) : stored;
  const descriptions = box(init, 'moov', 'trak', 'mdia', 'minf', 'stbl', 'stsd');
  const sample = box(file, 'mdat');
  if (!descriptions || !sample) throw new TypeError('the keyframe has no sample');
  const one = { sizes: Uint32Array.of(sample.length), keyframes: Uint8Array.of(1), times: Float64Array.of(0) };
  const still = { type: 'still', request: 0, codec, entry: descriptions.subarray(stsdHeader), bytes: sample, time: 0, rotation: 0, ...one } as const;
  return picture(still, 'image/jpeg', 0.85);
}

async function decrypted(bytes: Uint8Array<ArrayBuffer>, rawKey: Uint8Array<ArrayBuffer>, iv: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const key = await crypto.subtle.importKey('raw', rawKey, 'AES-CBC', false, ['decrypt']);
  return new Uint8Array(await crypto.subtle.decrypt({ name: 'AES-CBC', iv }, key, bytes));
}

/** The payload of the first box at `path`. */
function box(bytes: Uint8Array<ArrayBuffer> | undefined, ...path: string[]): Uint8Array<ArrayBuffer> | undefined {
  const [name, ...rest] = path;
  if (!name || !bytes) return bytes;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at + 8 <= bytes.length; ) {
    const size = Math.max(8, view.getUint32(at));
    if (String.fromCharCode(...bytes.subarray(at + 4, at + 8)) === name) return box(bytes.subarray(at + 8, at + size), ...rest);
    at += size;
  }
  return undefined;
}
