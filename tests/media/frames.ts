// Reads the burnt-in frame numbers of a media file back from its decoded pictures, by ffmpeg.
import { decodeCells, layout, sampleCells } from './cells.ts';
import { complaints, runTool } from './tool.ts';

/** One decoded picture, in presentation order. */
export interface Frame {
  /** Presentation time in seconds, as ffmpeg reads it. */
  readonly pts: number;
  /** The number burnt in; null where it could not be trusted. */
  readonly number: number | null;
}

/** A file's pictures, and what ffmpeg warned about while it decoded them. */
export interface FrameReading {
  readonly frames: readonly Frame[];
  readonly messages: readonly string[];
}

/** How far a row of frame numbers is from each being the successor of the one before. */
export interface Continuity {
  readonly frames: number;
  /** Numbers that were skipped between one frame and the next. */
  readonly missing: number;
  /** Frames that show a number again or go back. */
  readonly doubled: number;
  /** Frames whose number could not be read. */
  readonly misread: number;
}

/**
 * Decodes every picture of `input` (a path or a URL) and reads its number.
 *
 * `inputArgs` go before `-i`. Rejects when ffmpeg fails.
 */
export async function readFrames(input: string, inputArgs: readonly string[] = []): Promise<FrameReading> {
  const bottom = layout.top + layout.side + layout.top;
  const strip = `crop=iw:ih*${bottom}/${layout.height}:0:0,scale=${layout.width}:${bottom}:flags=area,format=gray`;
  const { stdout, stderr } = await runTool('ffmpeg', [
    '-hide_banner', '-nostdin', '-loglevel', 'level+info', ...inputArgs, '-copyts', '-i', input,
    '-map', '0:v:0', '-vf', `${strip},showinfo=checksum=0`, '-fps_mode', 'passthrough', '-enc_time_base', '-1', '-f', 'rawvideo', '-',
  ]);
  const times = [...stderr.matchAll(/showinfo.* n: *\d+ pts: *\S+ pts_time:(\S+)/g)].map((match) => Number(match[1]));
  const size = layout.width * bottom;
  if (stdout.length !== times.length * size) {
    throw new Error(`${input}: ${times.length} pictures but ${stdout.length / size} pictures' bytes`);
  }
  const frames = times.map((pts, index) => {
    const picture = stdout.subarray(index * size, (index + 1) * size);
    const cells = sampleCells(layout, 1, (x, y) => picture[y * layout.width + x] ?? 0);
    return { pts, number: decodeCells(cells, layout.frames) };
  });
  return { frames, messages: complaints(stderr) };
}

/** Counts what is wrong in a row of frame numbers that goes round at `loop`. */
export function continuity(numbers: readonly (number | null)[], loop = layout.frames): Continuity {
  let missing = 0;
  let doubled = 0;
  let misread = 0;
  let last: number | undefined;
  let unread = 0;
  for (const number of numbers) {
    if (number === null) {
      misread += 1;
      unread += 1;
      continue;
    }
    if (last !== undefined) {
      const step = (number - last + loop) % loop;
      if (step === 0 || step > loop / 2) doubled += 1;
      else missing += Math.max(0, step - 1 - unread);
    }
    last = number;
    unread = 0;
  }
  return { frames: numbers.length, missing, doubled, misread };
}
