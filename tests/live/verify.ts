// Whether a clip has what the live source sent: every picture, every packet of sound, together, for as long as it says.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { audioPackets, decodeSound, soundDelay } from '../media/audio.ts';
import { readFrames } from '../media/frames.ts';
import { runTool } from '../media/tool.ts';
import { round, segmentFrames, type Rendition } from './media.ts';

/** What must be in a clip. */
export interface Expected {
  /** Positions of the pictures in the stream: from this one up to that. */
  readonly pictures: readonly [from: number, to: number];
  /** Heights of the pictures, each run of the same once, in order; unknown where not given. */
  readonly heights?: readonly number[];
  /** What its sound is. */
  readonly sound: Rendition;
}

/** Heights of the keyframes, each run once. */
async function heightsOf(file: string): Promise<number[]> {
  const { stdout } = await runTool('ffprobe', ['-v', 'error', '-skip_frame', 'nokey', '-select_streams', 'v:0', '-show_entries', 'frame=height', '-of', 'csv=p=0', file]);
  const heights = stdout.toString().split('\n').map((line) => parseInt(line, 10)).filter((height) => height > 0);
  return heights.filter((height, index) => height !== heights[index - 1]);
}

/** Fails unless each of a clip's packets of sound is the source's next after the one before. Gives the first one's place. */
function assertSound(hashes: readonly string[], source: readonly string[]): number {
  const first = source.indexOf(hashes[0] ?? '');
  assert.ok(first >= 0, 'the first packet of sound is the source’s');
  const wrong = hashes.findIndex((hash, index) => hash !== source[(first + index) % source.length]);
  assert.equal(wrong, -1, `packet ${wrong} of ${hashes.length} is not the one that follows`);
  return first;
}

/** Fails unless the clip is exactly that. Writes it to `file`. `duration` is what the page was told, in seconds. */
export async function assertClip(mp4: Buffer | undefined, file: string, duration: number, expected: Expected): Promise<void> {
  assert.ok(mp4, 'the clip was posted');
  await writeFile(file, mp4);
  const [from, to] = expected.pictures;
  const [{ frames, messages }, heights, packets, sound] = await Promise.all([readFrames(file), expected.heights && heightsOf(file), audioPackets(file), decodeSound(file)]);
  assert.deepEqual(messages, []);
  const numbers = Array.from({ length: to - from }, (_, index) => (from + index) % (round * segmentFrames));
  const shown = frames.map(({ number }) => number);
  const wrong = numbers.findIndex((number, index) => shown[index] !== number);
  assert.equal(wrong, -1, `picture ${wrong} is ${shown.slice(wrong - 2, wrong + 5)}, not ${numbers[wrong]}`);
  assert.equal(shown.length, numbers.length);
  // Every picture is shown for its 40 ms: none early, none late.
  const off = frames.map(({ pts }, index) => Math.abs(pts - index / 25));
  assert.ok(Math.max(...off) < 0.0015, `a picture is off by ${Math.max(...off)} s`);
  const { packets: source, rate } = expected.sound;
  const seconds = 1024 / rate;
  // At the end of the tape the last packet of sound may be longer than the last picture.
  const longer = duration - numbers.length / 25;
  assert.ok(longer > -0.0015 && longer < seconds + 0.0015, `${duration} s`);
  assert.deepEqual(heights, expected.heights);

  const first = assertSound(packets.map(({ sha256 }) => sha256), source);
  // It begins with the packet heard when the first picture is shown, or the one before, and ends with the last picture.
  const begins = from / 25 - Math.round((from / 25 - first * seconds) / (source.length * seconds)) * source.length * seconds;
  assert.ok(Math.abs(begins - first * seconds) < 2 * seconds, `sound begins at ${first * seconds} s of a round, pictures at ${begins} s`);
  assert.ok(Math.abs(packets.length * seconds - numbers.length / 25) < 3 * seconds, `${packets.length} packets for ${numbers.length} pictures`);
  const gap = packets.findIndex(({ pts }, index) => index > 0 && Math.abs(pts - (packets[index - 1]?.pts ?? 0) - seconds) > 0.0015);
  assert.equal(gap, -1, `packet ${gap} does not follow the one before in time`);
  const late = soundDelay(sound, frames);
  assert.ok(Math.abs(late) < seconds, `sound is ${late} s late`);
}
