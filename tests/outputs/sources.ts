// Streams with burnt-in frame numbers and known tones, made by ffmpeg from the demo's sample: what `livetape` is given here.
import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ffmpegPictureDelay, samplePath } from '../media/sample.ts';
import { runTool } from '../media/tool.ts';

async function make(output: string, ...args: string[]): Promise<string> {
  await runTool('ffmpeg', ['-hide_banner', '-loglevel', 'error', '-nostdin', '-y', ...args, output]);
  return output;
}

/**
 * Input and tracks: the sample's pictures and its sound. ffmpeg shows the pictures of a fragmented file late, so the sound is made
 * to wait for them.
 */
const sample = ['-i', samplePath, '-itsoffset', String(ffmpegPictureDelay), '-i', samplePath, '-map', '0:v', '-map', '1:a'];

/** The sample's own pictures and sound as MPEG-TS whose clock begins about 1.4 s after `clock` (seconds). */
export function transportStream(folder: string, clock = 0): Promise<string> {
  return make(join(folder, `sample-${clock}.ts`), ...sample, '-c', 'copy', '-output_ts_offset', String(clock));
}

/** A copy of `stream` without its first `bytes` bytes. */
export async function beheaded(folder: string, stream: string, bytes: number): Promise<string> {
  const path = join(folder, 'beheaded.ts');
  await writeFile(path, (await readFile(stream)).subarray(bytes));
  return path;
}

/** 4 s as H.265 with B-frames and 180 lines, with the sample's sound, as MPEG-TS. */
export function hevcStream(folder: string): Promise<string> {
  return make(
    join(folder, 'hevc.ts'), ...sample, '-t', '4.08', '-vf', 'scale=320:180', '-c:a', 'copy',
    '-c:v', 'libx265', '-preset', 'ultrafast', '-x265-params', 'log-level=error:keyint=25:bframes=3',
  );
}

/** What one half of a stream with a change in it looks and sounds like. */
export interface Half {
  readonly height: 180 | 360;
  readonly rate: 44_100 | 48_000;
  readonly channels: 1 | 2;
  /** Hz. */
  readonly tone: number;
}

/**
 * 2 s of the sample's pictures from second `from` on, B-frames and all, with a steady tone. The sound ends a little early: were it
 * longer than the pictures, those behind a discontinuity would have to wait for its end.
 */
function half(path: string, from: number, { height, rate, channels, tone }: Half): Promise<string> {
  const wave = Array<string>(channels).fill(`0.25*sin(2*PI*${tone}*t)`).join('|');
  return make(
    path, '-ss', String(from + ffmpegPictureDelay), '-t', '2', '-i', samplePath, '-f', 'lavfi', '-i', `aevalsrc='${wave}':s=${rate}:d=1.95`,
    '-map', '0:v', '-map', '1:a', '-vf', `scale=-2:${height}`, '-c:v', 'libx264', '-preset', 'veryfast', '-g', '25', '-c:a', 'aac',
  );
}

function playlist(lines: readonly string[]): string {
  return ['#EXTM3U', '#EXT-X-VERSION:3', '#EXT-X-TARGETDURATION:2', ...lines, '#EXT-X-ENDLIST', ''].join('\n');
}

/** A playlist of two segments of 2 s, the second behind a discontinuity; both clocks begin at the same time. */
export async function changingPlaylist(folder: string, name: string, first: Half, second: Half): Promise<string> {
  const path = join(folder, `${name}.m3u8`);
  await Promise.all([half(join(folder, `${name}-1.ts`), 0, first), half(join(folder, `${name}-2.ts`), 4, second)]);
  await writeFile(path, playlist(['#EXTINF:2,', `${name}-1.ts`, '#EXT-X-DISCONTINUITY', '#EXTINF:2,', `${name}-2.ts`]));
  return path;
}

/** The sample in segments of 2 s; the one that begins at 2 s is marked as a gap, the one that begins at 6 s is not there. */
export async function brokenPlaylist(folder: string): Promise<string> {
  const path = join(folder, 'broken.m3u8');
  await make(join(folder, 'whole.m3u8'), ...sample, '-c', 'copy', '-f', 'hls', '-hls_time', '2', '-hls_segment_filename', join(folder, 'whole-%d.ts'));
  const segments = Array.from({ length: 8 }, (_, index) => index);
  await Promise.all(segments.filter((index) => index !== 1 && index !== 3).map((index) => copyFile(join(folder, `whole-${index}.ts`), join(folder, `broken-${index}.ts`))));
  const lines = segments.flatMap((index) => [...(index === 1 ? ['#EXT-X-GAP'] : []), '#EXTINF:2,', `broken-${index}.ts`]);
  await writeFile(path, playlist(lines));
  return path;
}
