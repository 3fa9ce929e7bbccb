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
  const at = (path: string): string => playAddress(play, path);
  return { address: last.file, decode: () => decode(codec, at(last.init), at(last.file)) };
}

/** The last file that is no gap, and the init segment that goes with it. */
function lastKeyframe(playlist: string): { file: string; init: string } | undefined {
  let init: string | undefined;
  let isGap = false;
  let last: { file: string; init: string } | undefined;
  for (const line of playlist.split('\n')) {
    if (line.startsWith('#')) {
      init = /^#EXT-X-MAP:.*URI="([^"]+)"/.exec(line)?.[1] ?? init;
      isGap ||= line === '#EXT-X-GAP';
    } else if (line) {
      if (!isGap && init) last = { file: line, init };
      isGap = false;
    }
  }
  return last;
}

async function decode(codec: string, initAddress: string, fileAddress: string): Promise<Blob> {
  const [init, file] = await Promise.all([initAddress, fileAddress].map(async (address) => (await ask(address)).bytes()));
  const descriptions = box(init, 'moov', 'trak', 'mdia', 'minf', 'stbl', 'stsd');
  const sample = box(file, 'mdat');
  if (!descriptions || !sample) throw new TypeError('the keyframe has no sample');
  const one = { sizes: Uint32Array.of(sample.length), keyframes: Uint8Array.of(1), times: Float64Array.of(0) };
  const still = { type: 'still', request: 0, codec, entry: descriptions.subarray(stsdHeader), bytes: sample, time: 0, rotation: 0, ...one } as const;
  return picture(still, 'image/jpeg', 0.85);
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
