// What the live source plays: the demo's sample round after round, a smaller coding of it, and a break in another size and rate.
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { audioPackets } from '../media/audio.ts';
import { samplePath } from '../media/sample.ts';
import { runTool } from '../media/tool.ts';
import { later, takeApart, type Fragmented } from './fragments.ts';

/** A way in which the moments of the stream are coded. */
export interface Rendition {
  readonly name: 'high' | 'low' | 'break';
  readonly width: number;
  readonly height: number;
  /** Hz of the sound. */
  readonly rate: number;
  /** RFC 6381. */
  readonly codecs: readonly [video: string, audio: string];
  /** Bits in a second. */
  readonly bandwidth: number;
  /** One round: 16 s, eight segments. */
  readonly parts: Fragmented;
  /** Two rounds as MPEG-TS; one of the break. */
  readonly ts: readonly Buffer[];
  /** SHA-256 of one round's packets of sound, in order. */
  readonly packets: readonly string[];
}

/** Seconds that a segment lasts, its pictures, and segments in a round. */
export const [segmentSeconds, segmentFrames, round] = [2, 50, 8];

const x264 = ['-c:v', 'libx264', '-profile:v', 'main', '-preset', 'ultrafast', '-crf', '20', '-x264-params', 'keyint=50:min-keyint=50:scenecut=0:bframes=3:b-pyramid=normal'];
const fragmented = ['-use_editlist', '0', '-movflags', '+frag_keyframe+empty_moov+default_base_moof+negative_cts_offsets+skip_trailer'];
const quiet = ['-hide_banner', '-loglevel', 'error', '-nostdin', '-y'];

/** Writes all files to a folder. */
async function make(folder: string): Promise<void> {
  const coded = (height: number, sound: readonly string[], out: string): Promise<unknown> =>
    runTool('ffmpeg', [...quiet, '-i', samplePath, '-vf', `setpts=PTS-STARTPTS,scale=${(height * 16) / 9}:${height}`, ...x264, ...sound, ...fragmented, join(folder, out)]);
  await writeFile(join(folder, 'high.mp4'), await readFile(samplePath));
  // Sound that is stamped as much early as pictures are decoded early is cut at the same moments.
  await coded(180, ['-c:a', 'copy', '-bsf:a', 'setts=ts=N*1024-3840:duration=1024'], 'low.mp4');
  // The first packet only primes the decoder.
  await coded(270, ['-ar', '44100', '-c:a', 'aac', '-b:a', '96k', '-bsf:a', "noise=drop='lt(n,1)',setts=ts=N*1024-3528:duration=1024"], 'break.mp4');
  for (const name of ['high', 'low', 'break']) {
    const one = join(folder, `${name}.mp4`);
    const { muxed, video, audio } = takeApart(await readFile(one));
    const rounds = name === 'break' ? [0] : [0, 16];
    const file = join(folder, `${name}-rounds.mp4`);
    await writeFile(file, Buffer.concat([muxed.init, ...rounds.flatMap((seconds) => muxed.segments.map(({ bytes }) => later(bytes, seconds * video.timescale, seconds * audio.timescale)))]));
    await runTool('ffmpeg', [...quiet, '-i', file, '-c', 'copy', '-f', 'hls', '-hls_time', '2', '-hls_list_size', '0', '-hls_segment_filename', join(folder, `${name}-%02d.ts`), join(folder, `${name}.m3u8`)]);
    await rm(file);
  }
  for (const name of (await readdir(folder)).filter((name) => name.endsWith('.ts'))) {
    await writeFile(join(folder, name), soundLater(await readFile(join(folder, name)), 0.08));
  }
}

/**
 * A transport stream whose sound is heard so many seconds later. ffmpeg reads the pictures of such fragments two frames late:
 * it cuts both tracks at the same moments, but shows them apart.
 */
function soundLater(stream: Buffer, seconds: number): Buffer {
  const moved = Buffer.from(stream);
  for (let at = 0; at < moved.length; at += 188) {
    const packet = moved.subarray(at, at + 188);
    const payload = 4 + (packet[3]! & 0x20 ? 1 + packet[4]! : 0);
    // A PES packet of sound begins here, with a PTS: ISO/IEC 13818-1, 2.4.3.6.
    if (!(packet[1]! & 0x40) || packet.readUIntBE(payload, 3) !== 1 || (packet[payload + 3]! & 0xe0) !== 0xc0) continue;
    const pts = packet.subarray(payload + 9, payload + 14);
    const ticks = ((pts[0]! >> 1) & 7) * 2 ** 30 + (pts.readUInt16BE(1) >> 1) * 2 ** 15 + (pts.readUInt16BE(3) >> 1) + seconds * 90_000;
    pts[0] = (pts[0]! & 0xf1) | (Math.floor(ticks / 2 ** 30) << 1);
    pts.writeUInt16BE(((Math.floor(ticks / 2 ** 15) & 0x7fff) << 1) | 1, 1);
    pts.writeUInt16BE(((ticks & 0x7fff) << 1) | 1, 3);
  }
  return moved;
}

/** The folder with the files: made once for each state of this recipe and of the sample, however many tests run. */
async function prepared(): Promise<string> {
  const recipe = createHash('sha256');
  for (const source of [await readFile(samplePath), await readFile(new URL(import.meta.url)), await readFile(new URL('fragments.ts', import.meta.url))]) recipe.update(source);
  const folder = join(tmpdir(), `livetape-live-${recipe.digest('hex').slice(0, 16)}`);
  if (!(await readdir(folder).catch(() => undefined))) {
    const making = `${folder}-${process.pid}`;
    await mkdir(making);
    await make(making);
    // Another run may have been quicker: its files are the same.
    await rename(making, folder).catch(() => rm(making, { recursive: true }));
  }
  return folder;
}

/** The renditions, by name. */
export type Media = Readonly<Record<Rendition['name'], Rendition>>;

export async function media(): Promise<Media> {
  const folder = await prepared();
  const names = (await readdir(folder)).sort();
  const rendition = async (name: Rendition['name'], height: number, rate: number, video: string, bandwidth: number): Promise<Rendition> => {
    const file = join(folder, `${name}.mp4`);
    return {
      name, height, rate, bandwidth, width: (height * 16) / 9, codecs: [video, 'mp4a.40.2'],
      parts: takeApart(await readFile(file)),
      ts: await Promise.all(names.filter((other) => other.startsWith(`${name}-`)).map((other) => readFile(join(folder, other)))),
      packets: (await audioPackets(file)).map(({ sha256 }) => sha256),
    };
  };
  const [high, low, pause] = await Promise.all([
    rendition('high', 360, 48_000, 'avc1.64001e', 1_300_000),
    rendition('low', 180, 48_000, 'avc1.4d400c', 500_000),
    rendition('break', 270, 44_100, 'avc1.4d4015', 700_000),
  ]);
  return { high, low, break: pause };
}
