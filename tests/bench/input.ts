// The bench's inputs: made by ffmpeg once, kept outside the repository's tracked files.
import { mkdir, open, rename, stat } from 'node:fs/promises';
import { runTool } from '../media/tool.ts';

/** Files to remux. */
export interface Inputs {
  /** 300 s of 1080p30 H.264 with B-frames at 6 Mb/s, and AAC, as MPEG-TS. */
  readonly ts: string;
  /** The same packets as fragmented MP4. */
  readonly fmp4: string;
  /** The same, with an init segment that has no samples, as streams have it. */
  readonly stream: string;
  /** The pictures alone, at 6 Mb/s and at a tenth of it: equally many samples. */
  readonly large: string;
  readonly small: string;
}

const seconds = 300;
const loop = 10;

/** The inputs in `folder`; what is missing is made. */
export async function inputs(folder: string): Promise<Inputs> {
  await mkdir(folder, { recursive: true });
  const at = (name: string): string => `${folder}/${name}`;
  const made = { ts: at('in.ts'), fmp4: at('in.mp4'), stream: at('stream.mp4'), large: at('large.mp4'), small: at('small.mp4') };
  for (const [name, rate] of [['loop.mp4', '6M'], ['thin.mp4', '600k']] as const) {
    await make(at(name), [
      '-f', 'lavfi', '-i', `testsrc2=size=1920x1080:rate=30:duration=${loop}`, '-vf', 'noise=alls=12:allf=t',
      '-c:v', 'libx264', '-preset', 'veryfast', '-b:v', rate, '-maxrate', rate, '-bufsize', rate,
      '-bf', '2', '-g', '60', '-keyint_min', '60', '-sc_threshold', '0', '-pix_fmt', 'yuv420p',
    ]);
  }
  await make(at('sound.m4a'), ['-f', 'lavfi', '-i', `sine=frequency=440:sample_rate=48000:duration=${seconds}`, '-c:a', 'aac', '-b:a', '128k', '-ac', '2']);
  const looped = (name: string): string[] => ['-stream_loop', String(seconds / loop - 1), '-i', at(name)];
  await make(made.ts, [...looped('loop.mp4'), '-i', at('sound.m4a'), '-map', '0:v', '-map', '1:a', '-c', 'copy']);
  const fragments = ['-c', 'copy', '-movflags', 'frag_keyframe+default_base_moof'];
  await make(made.fmp4, ['-i', made.ts, '-bsf:a', 'aac_adtstoasc', ...fragments]);
  await make(made.stream, ['-i', made.fmp4, ...fragments, '-movflags', '+empty_moov']);
  await make(made.large, [...looped('loop.mp4'), ...fragments]);
  await make(made.small, [...looped('thin.mp4'), ...fragments]);
  return made;
}

async function make(path: string, args: readonly string[]): Promise<void> {
  if (await stat(path).catch(() => undefined)) return;
  const partial = path.replace(/\/([^/]+)$/, '/making-$1');
  await runTool('ffmpeg', ['-v', 'error', '-y', ...args, partial], 600);
  await rename(partial, path);
}

/** Where in a TS every third keyframe's packet begins: 6 s, as HLS segments are. */
export async function segmentStarts(ts: string): Promise<number[]> {
  const found: number[] = [];
  const file = await open(ts);
  const size = 188 * 8192;
  const buffer = Buffer.alloc(size);
  for (let position = 0; ; position += size) {
    const { bytesRead } = await file.read(buffer, 0, size, position);
    for (let at = 0; at + 188 <= bytesRead; at += 188) if (beginsKeyframe(buffer.subarray(at, at + 188))) found.push(position + at);
    if (bytesRead < size) break;
  }
  await file.close();
  return found.filter((_, number) => number > 0 && number % 3 === 0);
}

/** ISO/IEC 13818-1 §2.4.3.3, §2.4.3.5: a video PES packet begins, at a random access point. */
function beginsKeyframe(packet: Buffer): boolean {
  const hasField = (packet[3]! & 0x20) !== 0 && packet[4]! > 0;
  if ((packet[1]! & 0x40) === 0 || !hasField || (packet[5]! & 0x40) === 0) return false;
  const payload = 5 + packet[4]!;
  return (packet[payload + 3]! & 0xf0) === 0xe0;
}
