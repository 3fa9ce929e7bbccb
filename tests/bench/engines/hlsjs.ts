// hls.js's transmuxer in its own worker, spoken to as its TransmuxerInterface does: pieces go and come by transfer.
import { segmented } from '../pieces.ts';
import type { Engine, Job } from './engine.ts';
import type { Sink } from '../sink.ts';

/** Segments that may be under way, so that the worker never waits. */
const underWay = 2;

interface Media { readonly data1?: Uint8Array; readonly data2?: Uint8Array }

interface Answer {
  readonly event: string;
  readonly data?: {
    readonly remuxResult?: {
      readonly audio?: Media;
      readonly video?: Media;
      readonly initSegment?: { readonly tracks?: Record<string, { readonly initSegment?: Uint8Array }> };
    };
    readonly reason?: string;
  };
}

/** Kept, as hls.js keeps its own: the run that warms up warms this one up. Each run is a transmuxer in it. */
const worker = (): Worker => (kept ??= new Worker('/engines/hls.worker.js'));
let kept: Worker | undefined;
let instances = 0;

/** Audio and video come as files of their own, as MSE wants them. */
export const hlsJs: Engine = async (job, sink) => {
  const own = worker();
  let [asked, done] = [0, 0];
  let wake = (): void => undefined;
  let failed: string | undefined;
  own.onmessage = ({ data }: MessageEvent<Answer>) => {
    if (data.event === 'transmuxComplete') take(data, sink);
    if (data.event === 'flush') done++;
    if (data.event === 'hlsError') failed = data.data?.reason ?? 'hls.js failed';
    wake();
  };
  const until = async (reached: () => boolean): Promise<void> => {
    while (!reached() && !failed) await new Promise<void>((resolve) => (wake = resolve));
    if (failed) throw new Error(failed);
  };
  await drive(own, job, async () => {
    asked++;
    await until(() => asked - done < underWay);
  });
  await until(() => done === asked);
  return {};
};

function take({ data }: Answer, sink: Sink): void {
  const { initSegment, audio, video } = data?.remuxResult ?? {};
  for (const [name, track] of Object.entries(initSegment?.tracks ?? {})) {
    if (track.initSegment) sink.write(track.initSegment, name);
  }
  for (const [name, media] of Object.entries({ video, audio })) {
    if (media?.data1) sink.write(media.data1, name);
    if (media?.data2) sink.write(media.data2, name);
  }
}

async function drive(worker: Worker, { file, open, cuts, hlsConfig }: Job, flushed: () => Promise<void>): Promise<void> {
  const instanceNo = instances++;
  const typeSupported = { mpeg: true, mp3: true, ac3: false };
  worker.postMessage({ instanceNo, cmd: 'init', typeSupported, id: 'main', config: hlsConfig });
  let [sn, first] = [0, true];
  let segment: Uint8Array<ArrayBuffer>[] = [];
  for await (const { bytes, ends } of segmented(open(), file.size, cuts)) {
    segment.push(bytes);
    if (!ends) continue;
    const timing = (): object => ({ start: 0, executeStart: 0, executeEnd: 0, end: 0 });
    const data = joined(segment);
    const chunkMeta = {
      level: 0, sn, id: sn, size: data.length, part: -1, partial: false, duration: 6, iframe: false,
      transmuxing: timing(), buffering: { audio: timing(), video: timing(), audiovideo: timing() },
    };
    if (first) worker.postMessage({ instanceNo, cmd: 'configure', config: { audioCodec: 'mp4a.40.2', videoCodec: undefined, duration: 300, defaultInitPts: null } });
    const state = { discontinuity: first, contiguous: !first, accurateTimeOffset: true, trackSwitch: first, timeOffset: sn * 6, initSegmentChange: first };
    worker.postMessage({ instanceNo, cmd: 'demux', data: data.buffer, decryptdata: null, chunkMeta, state }, [data.buffer]);
    worker.postMessage({ instanceNo, cmd: 'flush', chunkMeta });
    [segment, first] = [[], false];
    sn++;
    await flushed();
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
