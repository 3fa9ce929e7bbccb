// Is what an engine made what was in the source? ffprobe counts, ffmpeg hashes.
import { readdir } from 'node:fs/promises';
import { runTool } from '../media/tool.ts';

/** What is compared: number of packets and hash of payload, of pictures and of sound. */
export interface Content {
  readonly pictures: number;
  readonly sound: number;
  /** Of all coded slices, as an Annex B stream: parameter sets and delimiters are where each container wants them. */
  readonly slices: string;
  /** Of each AAC frame, without ADTS header. */
  readonly frames: readonly string[];
  /** AAC frames that end before the first picture is shown: nobody hears them, and a clip from the first picture is without. */
  readonly early: number;
}

/** What is in a source or in files that were made of it. */
export async function contentOf(files: readonly string[]): Promise<Content> {
  let content: Content = { pictures: 0, sound: 0, slices: '', frames: [], early: 0 };
  for (const file of files) {
    const pictures = await count(file, 'v');
    const sound = await count(file, 'a');
    const isTs = file.endsWith('.ts');
    if (pictures > 0) {
      const filter = `${isTs ? '' : 'h264_mp4toannexb,'}filter_units=pass_types=1-5`;
      content = { ...content, pictures, slices: await hash(file, ['-map', '0:v', '-c', 'copy', '-bsf:v', filter]) };
    }
    if (sound > 0) {
      const filter = isTs ? ['-bsf:a', 'aac_adtstoasc'] : [];
      content = { ...content, sound, frames: await frames(file, filter), early: pictures > 0 ? await early(file) : 0 };
    }
  }
  return content;
}

/** The files an engine left in its folder. */
export async function filesIn(folder: string): Promise<string[]> {
  return (await readdir(folder)).map((name) => `${folder}/${name}`);
}

/** How a made content differs from the source's; empty where it does not. */
export function difference(source: Content, made: Content): string {
  const found = [];
  if (made.pictures !== source.pictures) found.push(`${made.pictures} of ${source.pictures} pictures`);
  else if (made.slices !== source.slices) found.push('other bytes of pictures');
  const left = source.sound - made.sound;
  if (left < 0 && isWithin(source.frames, made.frames)) found.push(`whole, and ${-left} frames of sound added`);
  else if (left < 0 || left > source.early) found.push(`${made.sound} of ${source.sound} frames of sound`);
  else if (source.frames.slice(left).join() !== made.frames.join()) found.push('other bytes of sound');
  return found.join(', ');
}

/** Are all of `some` among `all`, in their order? */
function isWithin(some: readonly string[], all: readonly string[]): boolean {
  let next = 0;
  for (const each of all) if (each === some[next]) next++;
  return next === some.length;
}

async function count(file: string, stream: 'v' | 'a'): Promise<number> {
  const { stdout } = await runTool('ffprobe', ['-v', 'quiet', '-select_streams', stream, '-count_packets', '-show_entries', 'stream=nb_read_packets', '-of', 'csv=p=0', file]);
  return Number(stdout.toString().trim().split('\n')[0] ?? 0);
}

async function frames(file: string, filter: readonly string[]): Promise<string[]> {
  const { stdout } = await runTool('ffmpeg', ['-v', 'quiet', '-i', file, '-map', '0:a', '-c', 'copy', ...filter, '-f', 'framehash', '-hash', 'md5', '-']);
  const lines = stdout.toString().split('\n').filter((line) => line && !line.startsWith('#'));
  return lines.map((line) => line.split(',')[5]?.trim() ?? '');
}

async function early(file: string): Promise<number> {
  const times = async (stream: string, entries: string): Promise<number[][]> => {
    const args = ['-v', 'quiet', '-select_streams', stream, '-read_intervals', '%+2', '-show_entries', `packet=${entries}`, '-of', 'csv=p=0', file];
    const { stdout } = await runTool('ffprobe', args);
    return stdout.toString().split('\n').map((line) => line.split(',').map(Number.parseFloat)).filter(([time]) => Number.isFinite(time));
  };
  const first = Math.min(...(await times('v', 'pts_time')).map(([time = 0]) => time));
  const ended = ([time = 0, duration = 0]: number[]): boolean => time + duration <= first + 1e-4;
  return (await times('a', 'pts_time,duration_time')).filter(ended).length;
}

async function hash(file: string, args: readonly string[]): Promise<string> {
  const { stdout } = await runTool('ffmpeg', ['-v', 'quiet', '-i', file, ...args, '-f', 'hash', '-hash', 'md5', '-']);
  return stdout.toString().trim();
}
