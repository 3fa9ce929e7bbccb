// What was measured, as Markdown: a section of BENCHMARKS.md.
import { unsummed, type Browsed, type Runs } from './browser.ts';
import type { Timed } from './native.ts';

/** A ratio that is to be reached. */
export interface Target {
  readonly what: string;
  readonly wanted: number;
  readonly reached: number;
  /** At most rather than at least. */
  readonly most?: boolean;
  readonly unit?: string;
  /** What would be reached by something that does nothing but read the file. */
  readonly limit?: number;
}

/** The machine and the programs. */
export interface Setting {
  readonly date: string;
  readonly machine: string;
  readonly load: string;
  readonly versions: string;
  readonly rounds: number;
  readonly commit: string;
}

/** Everything measured. */
export interface Measured {
  readonly setting: Setting;
  readonly bytes: number;
  readonly twinBytes: number;
  readonly twinPayload: number;
  readonly content: string;
  readonly browsed: Browsed;
  readonly native: readonly Timed[];
}

/** The middle one. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? (sorted[middle] ?? NaN) : ((sorted[middle - 1] ?? NaN) + (sorted[middle] ?? NaN)) / 2;
}

const millis = (runs: Runs | undefined): number => median((runs?.ran ?? []).map((ran) => ran.millis));
const own = (runs: Runs | undefined): number => median((runs?.ran ?? []).map((ran) => ran.own ?? NaN));
const of = (runs: readonly Runs[], engine: string): number => millis(runs.find((each) => each.engine === engine));
const timeOf = (timed: readonly Timed[], name: string): number => median(timed.find((each) => each.name === name)?.millis ?? []);

/** What was to be reached, and what was. */
export function targets({ browsed, native, twinBytes, twinPayload }: Measured): Target[] {
  const times = (engine: string, runs: readonly Runs[]): number => of(runs, engine) / of(runs, 'livetape');
  const target = (runs: readonly Runs[], what: string, engine: string, wanted: number): Target => {
    const limit = of(runs, engine) / of(runs, 'read');
    return { what, wanted, reached: times(engine, runs), ...(Number.isFinite(limit) ? { limit } : {}) };
  };
  const faster = (what: string, runs: readonly Runs[]): Target[] => [
    target(runs, `${what}: times as fast as mediabunny`, 'mediabunny', 8),
    target(runs, `${what}: mux.js`, 'mux.js', 8),
    target(runs, `${what}: hls.js's worker`, 'hls.js', 5),
  ];
  const remux = timeOf(native, 'livetape remux');
  const copied = Math.max(...(browsed.twin.find((each) => each.engine === 'livetape')?.ran ?? []).map((ran) => ran.copiedIn ?? Infinity));
  const memory = Math.max(...[...browsed.checksum, ...browsed.opfs].filter((each) => each.engine === 'livetape').flatMap((each) => each.ran.map((ran) => ran.memory ?? Infinity)));
  return [
    ...faster('MPEG-TS, a file on disk', browsed.checksum),
    ...faster('a file in memory', browsed.held),
    ...faster('the engines alone', browsed.alone),
    { what: 'native, times as fast as `ffmpeg -c copy`', wanted: 2, reached: timeOf(native, 'ffmpeg -c copy') / remux },
    { what: 'native, times as fast as `ffmpeg -c copy -movflags +faststart`', wanted: 2, reached: timeOf(native, 'ffmpeg -c copy -movflags +faststart') / remux },
    { what: `fMP4: bytes copied into Wasm beyond the file's ${twinBytes - twinPayload} bytes of boxes`, wanted: 0, reached: Math.max(0, copied - (twinBytes - twinPayload)), most: true, unit: 'bytes' },
    { what: 'fMP4: ten times the bytes, as many samples: times the cost', wanted: 1.25, reached: own(browsed.large[0]) / own(browsed.small[0]), most: true },
    { what: 'Wasm memory, MPEG-TS', wanted: 16, reached: memory / 2 ** 20, most: true, unit: 'MiB' },
  ];
}

/** True where a target is reached. */
export function isReached({ wanted, reached, most }: Target): boolean {
  // Nothing was measured: nothing is reached.
  if (!Number.isFinite(reached)) return false;
  return most ? reached <= wanted : reached >= wanted;
}

/** The whole section. */
export function markdown(measured: Measured): string {
  const { setting, bytes, browsed, native, content } = measured;
  const met = targets(measured).map((target) => {
    const unit = target.unit ? ` ${target.unit}` : '';
    const reached = Number.isInteger(target.reached) ? String(target.reached) : target.reached.toFixed(1);
    return `| ${target.what} | ${target.most ? '<=' : '>='} ${target.wanted}${unit} | ${reached}${unit} | ${isReached(target) ? 'yes' : '**no**'} | ${target.limit?.toFixed(1) ?? ''} |`;
  });
  return `## Media core

\`cargo xtask bench media\`. Commit ${setting.commit}, ${setting.date}, ${setting.machine}, ${setting.load}. ${setting.versions}.

Input: ${content}, ${mega(bytes)} MB of MPEG-TS, and the same packets as fragmented MP4; made by ffmpeg.

### Targets

| | wanted | reached | | reading alone |
|---|---|---|---|---|
${met.join('\n')}

The last column is what a program would reach that does nothing but read the file as livetape does. Ratios of medians of ${setting.rounds} interleaved runs each, of ${native[0]?.millis.length} for the native ones.

### MPEG-TS to MP4 in a Chromium worker

Each run is a fresh worker, warmed up by the same run, as often as two seconds take (once at least): the browser compiles better what has run longer. A \`File\` is read in pieces of 1 MiB by a BYOB stream reader (mediabunny and ffmpeg.wasm read by their own means; hls.js's transmuxer has a worker of its own beside). Time is from the first read to the finished file: reading is in it. livetape is the product's own module driven by its worker's messages, with the sums by which its tape is checked after a crash; its reels' bytes go to the callback as views of Wasm memory, and its \`moov\` is planned in the end. mediabunny and ffmpeg.wasm write fragmented MP4, mux.js and hls.js a fragment for each 6 s. An engine's output was compared with the source before: coded slices and AAC frames, by number and hash.

**Row 1, a file on disk, to a callback that adds up 32-bit words**

${table(browsed.checksum, bytes, 'livetape')}

Chromium's browser process reads a file on disk in steps of 64 KiB, each a turn of two of its threads.

**Row 1, the same of a \`File\` whose bytes the browser holds**

${table(browsed.held, bytes, 'livetape')}

**Row 2, a file on disk, into the origin private file system** (livetape: its reels; the others: one file)

${table(browsed.opfs, bytes, 'livetape')}

**The engines alone**: the file read before, its pieces handed over (mediabunny: as one buffer), the output dropped

${table(browsed.alone, bytes, 'livetape')}

### Fragmented MP4 to MP4 in a Chromium worker

${table(browsed.twin, measured.twinBytes, unsummed)}

Bytes that livetape copies into Wasm are counted at \`Uint8Array.prototype.set\`: ${browsed.twin.find((each) => each.engine === 'livetape')?.ran[0]?.copiedIn} of ${measured.twinBytes}, which is \`moov\`, \`moof\` and box headers. Ten times the bytes: two files of 9,000 pictures, at 0.6 and 6 Mb/s, each read before and handed over in 240 pieces: ${own(browsed.small[0]).toFixed(0)} and ${own(browsed.large[0]).toFixed(0)} ms, of which the file's header ${header(browsed.small[0])} and ${header(browsed.large[0])} ms. The journal's sums are left out of these, and are what grows with bytes: ${own(browsed.small[1]).toFixed(0)} and ${own(browsed.large[1]).toFixed(0)} ms with it.

### MPEG-TS to MP4, native

Whole processes, from file to file in the system's cache, \`moov\` first for livetape and with \`+faststart\`; livetape also waits for the disk (\`fdatasync\`) before it gives the file its name, which the last row does for ffmpeg. Before each the disk has nothing left to do (\`sync\`).

| command | median, ms | MB/s | times livetape's | output |
|---|---|---|---|---|
${native.map(({ name, millis, wrong }) => `| \`${name}\` | ${median(millis).toFixed(0)} | ${rate(bytes, median(millis))} | ${(median(millis) / timeOf(native, 'livetape remux')).toFixed(1)} | ${wrong || 'whole'} |`).join('\n')}
`;
}

function header(runs: Runs | undefined): string {
  return median((runs?.ran ?? []).map((ran) => ran.header ?? NaN)).toFixed(0);
}

function table(runs: readonly Runs[], bytes: number, own: string): string {
  const base = of(runs, own);
  const rows = runs.map((each) => {
    if (each.ran.length === 0) return `| ${each.engine} | - | - | - | ${each.wrong} |`;
    const time = millis(each);
    const output = each.engine.startsWith('read') ? '(no engine)' : each.wrong || 'whole';
    return `| ${each.engine} | ${time.toFixed(0)} | ${rate(bytes, time)} | ${(time / base).toFixed(1)} | ${output} |`;
  });
  return ['| engine | median, ms | MB/s | times livetape\'s | output |', '|---|---|---|---|---|', ...rows].join('\n');
}

const mega = (bytes: number): string => (bytes / 1e6).toFixed(0);
const rate = (bytes: number, time: number): string => (bytes / 1e3 / time).toFixed(0);
