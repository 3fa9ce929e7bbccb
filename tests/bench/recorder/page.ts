// The page of the recorder's bench: a player whose SourceBuffer takes everything at once, so that only the tap is timed.
import { ALL_FORMATS, BlobSource, Conversion, Input, Mp4OutputFormat, Output, StreamTarget } from 'mediabunny';
import type { LiveTape, Replay } from '../../../www/sdk/src/index.ts';

/** What the page does for the bench. */
export interface RecorderPage {
  /** Makes the tape of a MediaSource of that type. */
  open(mime: string): Promise<void>;
  /**
   * Appends the chosen file, again and again, in pieces of 1 MiB until the tape is `seconds` long in all. Each is also copied and posted to
   * another worker, as a program without livetape would: now before the append, now after it, since what comes second finds the workers at
   * work. Milliseconds of each, on this thread.
   */
  feed(seconds: number): Promise<{ tapped: number[]; bare: number[] }>;
  /** Cuts all that is on the tape, so many times; milliseconds until there is a Blob, and bytes that were copied. */
  clips(times: number): Promise<{ millis: number[]; copied: number }>;
  /** Shows so many moments of the tape in a video of their own, one after another; milliseconds until each one's picture is presented. */
  seeks(count: number): Promise<number[]>;
  /** Takes pictures of so many moments; milliseconds until there is a JPEG of each. */
  screenshots(count: number): Promise<number[]>;
  /** Milliseconds until a Blob of the chosen file is an MP4 on disk, by mediabunny. */
  mediabunny(): Promise<number>;
  /** Seconds of the tape, and its bytes. */
  length(): { seconds: number; bytes: number };
}

const piece = 1 << 20;
/** Seconds from one round of the file to the next: its length, and a little. */
const round = 300.1;
/** Bytes that the tape's worker may be behind. */
const ahead = 32 << 20;

let tape: LiveTape;
let source: SourceBuffer;
/** Seconds at which the next round of the file begins, and bytes appended so far. */
let [offset, at, appended] = [0, 0, 0];

const chosen = (): File => {
  const file = document.querySelector('input')?.files?.[0];
  if (!file) throw new Error('no file is chosen');
  return file;
};

const echo = new Worker(URL.createObjectURL(new Blob(['onmessage = ({ data }) => postMessage(data, [data])'])));
const free: ArrayBuffer[] = [];
echo.onmessage = ({ data }: MessageEvent<ArrayBuffer>) => void free.push(data);

function bareCopy(bytes: Uint8Array): number {
  const begun = performance.now();
  const buffer = free.pop() ?? new ArrayBuffer(piece);
  new Uint8Array(buffer).set(bytes);
  echo.postMessage(buffer, [buffer]);
  return performance.now() - begun;
}

const grown = (enough: () => boolean): Promise<void> =>
  new Promise((resolve) => {
    if (enough()) return resolve();
    const look = (): void => {
      if (!enough()) return;
      tape.removeEventListener('window', look);
      resolve();
    };
    tape.addEventListener('window', look);
  });

/** Moments all over the tape, none near the one before. */
function moments(count: number): number[] {
  const { start, end } = tape.window;
  return Array.from({ length: count }, (_, index) => start + (end - start) * ((index * 0.618034) % 1));
}

/** Resolves when a video presents the picture of `time`, which lasts no longer than 50 ms. */
const presented = (video: HTMLVideoElement, time: number): Promise<void> =>
  new Promise((resolve) => {
    const look = (_now: number, { mediaTime }: VideoFrameCallbackMetadata): void => {
      if (mediaTime < time + 0.001 && mediaTime > time - 0.05) resolve();
      else video.requestVideoFrameCallback(look);
    };
    video.requestVideoFrameCallback(look);
  });

const page: RecorderPage = {
  async open(mime) {
    const { LiveTape } = (await import('/livetape/index.js' as string)) as typeof import('../../../www/sdk/src/index.ts');
    const video = document.querySelector('video') as HTMLVideoElement;
    const media = new MediaSource();
    const opened = new Promise((resolve) => media.addEventListener('sourceopen', resolve, { once: true }));
    video.src = URL.createObjectURL(media);
    await opened;
    source = media.addSourceBuffer(mime);
    Object.assign(globalThis, { sunk: source });
    tape = await LiveTape.tap(video, { window: 5000, windowBytes: 2 ** 36 });
    tape.addEventListener('error', ({ detail }) => console.error(detail.message));
  },

  async feed(seconds) {
    const file = chosen();
    const [tapped, bare]: [number[], number[]] = [[], []];
    while (page.length().seconds < seconds) {
      if (at >= file.size) [offset, at] = [offset + round, 0];
      const bytes = new Uint8Array(await file.slice(at, at + piece).arrayBuffer());
      at += bytes.length;
      appended += bytes.length;
      source.timestampOffset = offset;
      const whole = bytes.length === piece;
      const bareFirst = tapped.length % 2 === 0;
      if (whole && bareFirst) bare.push(bareCopy(bytes));
      const begun = performance.now();
      source.appendBuffer(bytes);
      if (whole) tapped.push(performance.now() - begun);
      if (whole && !bareFirst) bare.push(bareCopy(bytes));
      await grown(() => tape.window.bytes > appended - ahead);
    }
    return { tapped, bare };
  },

  async clips(times) {
    const millis: number[] = [];
    let copied = 0;
    for (let time = 0; time < times; time++) {
      const begun = performance.now();
      const clip = await tape.clip({ start: tape.window.start, end: tape.window.end });
      millis.push(performance.now() - begun);
      copied = clip.copiedBytes;
      clip.close();
    }
    return { millis, copied };
  },

  async seeks(count) {
    const video = document.body.appendChild(document.createElement('video'));
    video.muted = true;
    const millis: number[] = [];
    let replay: Replay | undefined;
    for (const time of moments(count)) {
      const begun = performance.now();
      const shown = presented(video, time);
      if (replay) await replay.seek(time);
      else replay = await tape.replay(video, time);
      await shown;
      millis.push(performance.now() - begun);
    }
    replay?.close();
    video.remove();
    return millis;
  },

  async screenshots(count) {
    const millis: number[] = [];
    for (const time of moments(count)) {
      const begun = performance.now();
      await tape.screenshot(time);
      millis.push(performance.now() - begun);
    }
    return millis;
  },

  async mediabunny() {
    const folder = await navigator.storage.getDirectory();
    const begun = performance.now();
    const handle = await folder.getFileHandle('mediabunny.mp4', { create: true });
    const output = new Output({ format: new Mp4OutputFormat({ fastStart: false }), target: new StreamTarget(await handle.createWritable(), { chunked: true }) });
    const conversion = await Conversion.init({ input: new Input({ formats: ALL_FORMATS, source: new BlobSource(chosen()) }), output });
    await conversion.execute();
    const millis = performance.now() - begun;
    const { size } = await handle.getFile();
    if (size < chosen().size * 0.9) throw new Error(`mediabunny wrote ${size} bytes: ${JSON.stringify(conversion.discardedTracks.map(({ reason }) => reason))}`);
    await folder.removeEntry('mediabunny.mp4');
    return millis;
  },

  length: () => ({ seconds: tape.window.end - tape.window.start, bytes: tape.window.bytes }),
};

Object.assign(globalThis, { recorderPage: page });
