// What the headless check measures of one stream, what it must be at most, and how it is shown.

/** Whether one series of numbered things is whole. */
export interface Series {
  readonly count: number;
  readonly missing: number;
  readonly doubled: number;
}

/** Everything measured of one stream. Times in milliseconds. */
export interface Measured {
  readonly recordedFrames: Series;
  readonly recordedPackets: Series;
  readonly recordedBytes: number;
  readonly clipFrames: Series;
  readonly clipPackets: Series;
  readonly clipBytes: number;
  readonly stopToPlayable: number;
  /** The clip button. */
  readonly clipExport: number;
  /** A clip of 20 s. */
  readonly clip20Export: number;
  /** Times (seconds) at which a player showed another frame than the recording has there. */
  readonly wrongPictures: readonly string[];
}

/** One line of the table. */
interface Line {
  readonly name: string;
  readonly value: string;
  /** What was asked, where it was not met. */
  readonly failed?: string;
}

const stopLimit = 1000;
const clipLimit = 100;

function seriesLine(name: string, unit: string, { count, missing, doubled }: Series): Line {
  const line = { name, value: `${count} ${unit}, ${missing} missing, ${doubled} doubled` };
  return count > 0 && missing === 0 && doubled === 0 ? line : { ...line, failed: 'some, 0 missing, 0 doubled' };
}

function timeLine(name: string, millis: number, limit: number): Line {
  const line = { name, value: `${millis.toFixed(0)} ms` };
  return millis <= limit ? line : { ...line, failed: `at most ${limit} ms` };
}

/** The lines of one stream's table. */
export function lines(measured: Measured): Line[] {
  const { wrongPictures: wrong } = measured;
  return [
    seriesLine('recording, pictures', 'frames', measured.recordedFrames),
    seriesLine('recording, sound', 'packets', measured.recordedPackets),
    { name: 'recording, size', value: `${measured.recordedBytes} bytes` },
    seriesLine('clip, pictures', 'frames', measured.clipFrames),
    seriesLine('clip, sound', 'packets', measured.clipPackets),
    { name: 'clip, size', value: `${measured.clipBytes} bytes` },
    timeLine('stop to playable', measured.stopToPlayable, stopLimit),
    timeLine('clip button to MP4', measured.clipExport, clipLimit),
    timeLine('clip of 20 s to MP4', measured.clip20Export, clipLimit),
    { name: 'playback page, HLS and MP4', value: wrong.length ? wrong.join('; ') : 'right pictures', ...(wrong.length ? { failed: 'the right picture at each time' } : {}) },
  ];
}

/** Prints a stream's table; gives a sentence for each line that failed. */
export function report(stream: string, measured: Measured): string[] {
  console.log(`\n${stream}`);
  const all = lines(measured);
  for (const { name, value, failed } of all) console.log(`  ${name.padEnd(28)}${value}${failed ? `   FAILED: must be ${failed}` : ''}`);
  return all.flatMap(({ name, value, failed }) => (failed ? [`${stream}: ${name}: ${value}; must be ${failed}`] : []));
}
