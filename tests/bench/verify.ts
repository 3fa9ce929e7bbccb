// Is what an engine made what was in the source? ffprobe counts, ffmpeg hashes.
import { readdir } from 'node:fs/promises';
import { runTool } from '../media/tool.ts';

/** What is compared: number of packets and hash of payload, of pictures and of sound. */
export interface Content {
  readonly pictures: number;
  readonly sound: number;
  /** Of all coded slices, as an Annex B stream: parameter sets and delimiters are where each container wants them. */
  readonly slices: string;
  /** Of all AAC frames, without ADTS headers. */
  readonly frames: string;
}

/** What is in a source or in files that were made of it. */
export async function contentOf(files: readonly string[]): Promise<Content> {
  let content: Content = { pictures: 0, sound: 0, slices: '', frames: '' };
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
      content = { ...content, sound, frames: await hash(file, ['-map', '0:a', '-c', 'copy', ...filter]) };
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
  if (made.sound !== source.sound) found.push(`${made.sound} of ${source.sound} frames of sound`);
  else if (made.frames !== source.frames) found.push('other bytes of sound');
  return found.join(', ');
}

async function count(file: string, stream: 'v' | 'a'): Promise<number> {
  const { stdout } = await runTool('ffprobe', ['-v', 'quiet', '-select_streams', stream, '-count_packets', '-show_entries', 'stream=nb_read_packets', '-of', 'csv=p=0', file]);
  return Number(stdout.toString().trim().split('\n')[0] ?? 0);
}

async function hash(file: string, args: readonly string[]): Promise<string> {
  const { stdout } = await runTool('ffmpeg', ['-v', 'quiet', '-i', file, ...args, '-f', 'hash', '-hash', 'md5', '-']);
  return stdout.toString().trim();
}
