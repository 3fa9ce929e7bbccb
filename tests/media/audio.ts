// Sound of a media file: its packets, byte for byte, and the tones of the demo sample's scale.
import { runTool } from './tool.ts';

/** One encoded audio packet, in file order. */
export interface AudioPacket {
  /** Presentation time in seconds. */
  readonly pts: number;
  /** Bytes. */
  readonly size: number;
  /** SHA-256 of the packet's bytes, lower-case hex. */
  readonly sha256: string;
}

/** The scale that www/demo/sample/make.sh plays: a new tone every half second, from 400 Hz up, round after round. */
export const scale = { tones: 32, seconds: 0.5, lowest: 400, step: 40, rate: 48_000 } as const;

/** Packets of the first audio track of `input` (a path or a URL). `inputArgs` go before the input. */
export async function audioPackets(input: string, inputArgs: readonly string[] = []): Promise<AudioPacket[]> {
  const { stdout } = await runTool('ffprobe', [
    '-v', 'error', ...inputArgs, '-select_streams', 'a:0', '-show_packets', '-show_data_hash', 'sha256',
    '-show_entries', 'packet=pts_time,size,data_hash', '-of', 'json', input,
  ]);
  const { packets } = JSON.parse(stdout.toString()) as { packets: { pts_time: string; size: string; data_hash: string }[] };
  return packets.map((packet) => ({
    pts: Number(packet.pts_time),
    size: Number(packet.size),
    sha256: packet.data_hash.replace(/^SHA256:/, '').toLowerCase(),
  }));
}

/** Decoded sound, both channels mixed to one, at 48 kHz. */
export class Sound {
  readonly #start: number;
  readonly #samples: Float32Array;

  /** `start`: media time in seconds of the first of `samples`. */
  constructor(start: number, samples: Float32Array) {
    this.#start = start;
    this.#samples = samples;
  }

  /** Media time in seconds of the first sample. */
  get start(): number {
    return this.#start;
  }

  /** Media time in seconds after the last sample. */
  get end(): number {
    return this.#start + this.#samples.length / scale.rate;
  }

  /** Frequency in Hz over `seconds` around media time `time`; NaN where there are fewer than two upward zero crossings. */
  frequencyAt(time: number, seconds = 0.1): number {
    const crossings = this.#crossings(time - seconds / 2, time + seconds / 2);
    const first = crossings[0];
    const last = crossings[crossings.length - 1];
    if (first === undefined || last === undefined || last === first) return NaN;
    return (crossings.length - 1) / (last - first);
  }

  /** Index in the scale of the tone around media time `time`, or null where what sounds is not one of its tones. */
  toneAt(time: number, seconds = 0.1): number | null {
    const tone = (this.frequencyAt(time, seconds) - scale.lowest) / scale.step;
    const nearest = Math.round(tone) + 0; // not -0
    return Math.abs(tone - nearest) < 0.2 && nearest >= 0 && nearest < scale.tones ? nearest : null;
  }

  /** Media times (within about 3 ms) at which one steady tone of the scale gives way to another. */
  toneChanges(): { time: number; from: number; to: number }[] {
    const changes: { time: number; from: number; to: number }[] = [];
    // Further apart than they are long: at most one probe has a bit of both tones. Two in a row must agree.
    const [step, long] = [0.05, 0.04];
    let steady: { tone: number; time: number } | undefined;
    let before: number | null = null;
    for (let time = this.#start + long; time < this.end - long; time += step) {
      const tone = this.toneAt(time, long);
      if (tone !== null && tone === before) {
        if (steady && tone !== steady.tone) {
          changes.push({ time: this.#boundary(steady.time, time, steady.tone, tone), from: steady.tone, to: tone });
        }
        steady = { tone, time };
      }
      before = tone;
    }
    return changes;
  }

  /** Splits [low, high] at the zero crossing that best parts cycles of tone `from` from cycles of tone `to`. */
  #boundary(low: number, high: number, from: number, to: number): number {
    const crossings = this.#crossings(low, high);
    const middle = scale.lowest + (scale.step * (from + to)) / 2;
    let best = { time: (low + high) / 2, errors: Infinity };
    for (const time of crossings) {
      let errors = 0;
      for (let index = 1; index < crossings.length; index += 1) {
        const begin = crossings[index - 1] ?? 0;
        const end = crossings[index] ?? 0;
        const above = 1 / (end - begin) > middle;
        if (above !== (begin >= time ? to > from : from > to)) errors += 1;
      }
      if (errors < best.errors) best = { time, errors };
    }
    return best.time;
  }

  /** Media times of upward zero crossings between two media times, interpolated between samples. */
  #crossings(from: number, to: number): number[] {
    const begin = Math.max(1, Math.ceil((from - this.#start) * scale.rate));
    const end = Math.min(this.#samples.length, Math.floor((to - this.#start) * scale.rate));
    const times: number[] = [];
    for (let index = begin; index < end; index += 1) {
      const before = this.#samples[index - 1] ?? 0;
      const after = this.#samples[index] ?? 0;
      if (before < 0 && after >= 0) times.push(this.#start + (index - 1 + before / (before - after)) / scale.rate);
    }
    return times;
  }
}

/** Decodes the first audio track of `input` (a path or a URL). Gaps in its times are an error: a test must see them. */
export async function decodeSound(input: string, inputArgs: readonly string[] = []): Promise<Sound> {
  const { stdout, stderr } = await runTool('ffmpeg', [
    '-hide_banner', '-nostdin', '-loglevel', 'info', ...inputArgs, '-copyts', '-i', input,
    '-map', '0:a:0', '-af', `ashowinfo,aresample=${scale.rate},aformat=sample_fmts=flt:channel_layouts=mono`, '-f', 'f32le', '-',
  ]);
  const runs = [...stderr.matchAll(/ashowinfo.* pts_time:(\S+) .*rate:(\d+) nb_samples:(\d+)/g)];
  let start: number | undefined;
  let next = 0;
  for (const [, time, rate, count] of runs) {
    start ??= next = Number(time);
    if (Math.abs(Number(time) - next) > 0.002) throw new Error(`${input}: sound jumps from ${next} s to ${time} s`);
    next = Number(time) + Number(count) / Number(rate);
  }
  if (start === undefined) throw new Error(`${input}: no sound`);
  const bytes = new Uint8Array(stdout);
  return new Sound(start, new Float32Array(bytes.buffer, 0, Math.floor(bytes.byteLength / 4)));
}

/**
 * Seconds by which the sound is late against the picture (negative: early), from where tones change and which frame
 * numbers are shown when. Both go round with the 16 s sample, so the result is between -8 and 8. The median over all changes.
 */
export function soundDelay(
  sound: Sound,
  frames: readonly { readonly pts: number; readonly number: number | null }[],
  framesPerSecond = 25,
): number {
  const round = scale.tones * scale.seconds;
  const wrap = (seconds: number): number => seconds - round * Math.round(seconds / round);
  const shown = frames.filter((frame) => frame.number !== null);
  const delays = sound.toneChanges().flatMap(({ time, to }) => {
    const frame = shown.findLast((candidate) => candidate.pts <= time);
    if (!frame || frame.number === null) return [];
    const pictureAhead = frame.pts - frame.number / framesPerSecond;
    return [wrap(time - to * scale.seconds - pictureAhead)];
  });
  delays.sort((a, b) => a - b);
  const median = delays[Math.floor(delays.length / 2)];
  if (median === undefined) throw new Error('no change of tone while numbered frames are shown');
  return median;
}
