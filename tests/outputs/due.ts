// What must be seen and heard of each output, from what its source is.
import { scale } from '../media/audio.ts';
import { ffmpegPictureDelay } from '../media/sample.ts';
import { halves, pathOf, type Outputs } from './outputs.ts';

/** Frames that follow each other: number `number` is shown from `time` (seconds) on for 40 ms, then the next. */
export interface Run {
  readonly time: number;
  readonly number: number;
  readonly count: number;
  readonly height: number;
}

/** What must be seen and heard of one file. */
export interface Due {
  readonly path: string;
  readonly runs: readonly Run[];
  /** Hz in the middle of a stretch of sound; time in seconds. */
  readonly tones: readonly (readonly [time: number, frequency: number])[];
  readonly channels: number;
  /** Seconds by which a player is later that minds decoding times: there is no edit list to take them back. */
  readonly late: number;
}

/** The tones of the sample's scale that are whole in the runs, each at its middle. */
function scaleTones(runs: readonly Run[]): [number, number][] {
  return runs.flatMap(({ time, number, count }) => {
    const first = Math.ceil(number / 25 / scale.seconds);
    const tones = Math.floor((number + count) / 25 / scale.seconds) - first;
    return Array.from({ length: tones }, (_, index): [number, number] => {
      const source = (first + index + 0.5) * scale.seconds;
      return [time + source - number / 25, scale.lowest + scale.step * (first + index)];
    });
  });
}

const whole: Run = { time: 0, number: 0, count: 400, height: 360 };

function sampleDue(path: string, ...runs: readonly Run[]): Due {
  return { path, runs, tones: scaleTones(runs), channels: 2, late: 0 };
}

function half(outputs: Outputs, index: 0 | 1, run: Run): Due {
  const { tone, channels } = halves[index];
  return { path: pathOf(outputs.changed, index), runs: [run], tones: [0.4, 1, 1.6].map((time) => [time, tone]), channels, late: 0 };
}

/** By what the file is about. */
export const dues: Readonly<Record<string, (outputs: Outputs) => Due>> = {
  'a transport stream': ({ stream }) => sampleDue(pathOf(stream), whole),
  'a clock that wraps': ({ wrapped }) => sampleDue(pathOf(wrapped), whole),
  // Sound is there from 3.84 s of the sample on, its pictures from the next keyframe on.
  'a start in mid-packet': ({ beheaded }) => ({
    ...sampleDue(pathOf(beheaded), { ...whole, time: 2.16, number: 150, count: 250 }),
    tones: scaleTones([{ ...whole, number: 96, count: 304 }]),
  }),
  'fragmented MP4': ({ fragments }) => sampleDue(pathOf(fragments), whole),
  'as fragmented MP4': ({ fragmented }) => ({ ...sampleDue(pathOf(fragmented), whole), late: ffmpegPictureDelay }),
  'H.265': ({ hevc }) => sampleDue(pathOf(hevc), { ...whole, count: 100, height: 180 }),
  'before a discontinuity with another configuration': (outputs) => half(outputs, 0, { ...whole, count: 50, height: 180 }),
  'after a discontinuity with another configuration': (outputs) => half(outputs, 1, { ...whole, number: 100, count: 50 }),
  'a discontinuity with pictures of another size': ({ resized }) => ({
    ...sampleDue(pathOf(resized), { ...whole, count: 50, height: 180 }, { ...whole, time: 2, number: 100, count: 50 }),
    tones: [0.4, 1, 1.6, 2.4, 3, 3.6].map((time) => [time, halves[1].tone]),
  }),
  'a gap and a missing segment': ({ broken }) =>
    sampleDue(
      pathOf(broken), { ...whole, count: 50 }, { ...whole, time: 4, number: 100, count: 50 }, { ...whole, time: 8, number: 200, count: 200 },
    ),
};
