// What each route takes: processor time of the runtime, time, operations.
import { randomBytes } from 'node:crypto';
import type { Recording, Sample } from '../../edge/edge.ts';
import { costs, send, share, type Got } from './client.ts';
import { processor, workerd } from './runtime.ts';
import { begin, put } from './stream.ts';

/** A route's figures. Times are in milliseconds. */
export interface Figures {
  readonly route: string;
  readonly requests: number;
  /** Processor of a request. */
  readonly cpu: number;
  readonly p50: number;
  readonly p99: number;
  /** Bytes of a request or its answer, whichever are more. */
  readonly bytes: number;
  readonly objects: number;
  readonly r2: number;
  /** It carries media: its processor is by MiB. */
  readonly carries: boolean;
}

/** Sends as many requests, one after another. */
export async function measure(route: string, requests: number, ask: (number: number) => Promise<Got>, carried?: number): Promise<Figures> {
  const pid = workerd();
  const got: Got[] = [];
  const before = processor(pid);
  for (let number = 0; number < requests; number += 1) got.push(await ask(number));
  const cpu = (processor(pid) - before) / requests;
  const mean = (values: number[]): number => values.reduce((sum, each) => sum + each, 0) / values.length;
  const times = got.map(({ last }) => last);
  const figures: Figures = {
    route,
    requests,
    cpu,
    p50: share(times, 0.5),
    p99: share(times, 0.99),
    bytes: carried ?? mean(got.map(({ bytes }) => bytes)),
    objects: mean(got.map((each) => costs(each).objects)),
    r2: mean(got.map((each) => costs(each).r2)),
    carries: carried !== undefined,
  };
  console.log(`  ${route}: ${cpu.toFixed(1)} ms of processor, p50 ${figures.p50.toFixed(1)} ms, p99 ${figures.p99.toFixed(1)} ms`);
  return figures;
}

/** What the routes are measured with. */
export interface Setting {
  readonly edge: string;
  readonly key: string;
  readonly stream: Sample;
  /** Hours long, and still recorded. */
  readonly long: Recording;
  readonly requests: number;
}

/** A token to play by. What is asked for with one is not remembered for others. */
export async function playToken({ edge, key }: Setting, id: string): Promise<string> {
  const made = await send('POST', `${edge}/v1/recordings/${id}/tokens`, { key, body: '{}' });
  return (JSON.parse(made.body.toString()) as { token: string }).token;
}

/** Routes that carry no media, and those of the recorder. */
export async function control(setting: Setting): Promise<Figures[]> {
  const { edge, key, stream, long, requests } = setting;
  const play = long.playback.hls.replace('index.m3u8', '');
  const byToken = `${edge}/v1/play/${await playToken(setting, long.id)}/`;
  const fed = await begin(edge, key, stream);
  const tus = { 'tus-resumable': '1.0.0' };
  const upload = await send('POST', `${edge}/v1/uploads`, { key, headers: { ...tus, 'upload-length': '1000000' } });
  const at = String(upload.headers.location);
  const bytes = { ...tus, 'content-type': 'application/offset+octet-stream' };
  return [
    await measure('POST /v1/recordings', requests, () => send('POST', `${edge}/v1/recordings`, { key, body: '{}' })),
    await measure('PUT objects/main/{seq}', requests, (seq) => put(fed, stream, seq)),
    await measure('GET /v1/recordings/{id}', requests, () => send('GET', long.ingest_url)),
    await measure('GET /v1/recordings', requests, () => send('GET', `${edge}/v1/recordings?limit=20`, { key })),
    await measure('PATCH /v1/recordings/{id}', requests, (number) => send('PATCH', long.ingest_url, { key, body: JSON.stringify({ title: `Derby ${number}` }) })),
    await measure('POST clips', requests, (number) => send('POST', `${long.ingest_url}/clips`, { key, body: JSON.stringify({ start: number, end: number + 30 }) })),
    await measure('POST tokens', requests, () => send('POST', `${long.ingest_url}/tokens`, { key, body: '{}' })),
    await measure('index.m3u8, by a token', requests, () => send('GET', `${byToken}index.m3u8`)),
    await measure('media.m3u8, a reload by a token', requests, () => send('GET', `${byToken}media.m3u8?_HLS_skip=YES`)),
    await measure('media.m3u8, a reload by the id', requests, () => send('GET', `${play}media.m3u8?_HLS_skip=YES`)),
    await measure('media.m3u8, of 30 s', requests, () => send('GET', `${byToken}media.m3u8?start=60&end=90`)),
    await measure('media.m3u8, all of it', Math.ceil(requests / 10), () => send('GET', `${byToken}media.m3u8`)),
    await measure('HEAD uploads/{id}', requests, () => send('HEAD', at, { headers: tus })),
    await measure('PATCH uploads/{id}, 100 bytes', requests, (number) => send('PATCH', at, { headers: { ...bytes, 'upload-offset': String(100 * number) }, body: new Uint8Array(100) })),
  ];
}

/** Routes that carry media. */
export async function carrying(setting: Setting): Promise<Figures[]> {
  const { edge, key, long, requests } = setting;
  const tus = { 'tus-resumable': '1.0.0' };
  const few = Math.ceil(requests / 50);
  const mebibyte = 1 << 20;
  const sent = randomBytes(32 * mebibyte);
  const stream = { ...tus, 'content-type': 'application/offset+octet-stream', 'upload-offset': '0' };
  const urls: string[] = [];
  for (let number = 0; number < few; number += 1) {
    const made = await send('POST', `${edge}/v1/uploads`, { key, headers: { ...tus, 'upload-length': String(sent.length) } });
    urls.push(String(made.headers.location));
  }
  const own = (number: number): string => urls[number] ?? '';
  const segment = (seq: number): string => `${long.playback.hls.replace('index.m3u8', '')}main/${seq}.m4s`;
  const { bytes } = await send('GET', segment(1));
  const minutes = await send('HEAD', `${long.playback.mp4}?start=0&end=600`);
  const figures = [
    await measure('PATCH uploads/{id}, 32 MiB', few, (number) => send('PATCH', own(number), { headers: stream, body: sent }), sent.length),
    await measure('GET uploads/{id}, 32 MiB', few, (number) => send('GET', own(number)), sent.length),
    await measure('main/{seq}.m4s, from storage', requests, (number) => send('GET', segment(2 + number)), bytes),
    await measure('main/{seq}.m4s, from the cache', requests, () => send('GET', segment(1)), bytes),
    await measure('video.mp4, 10 minutes', few, () => send('GET', `${long.playback.mp4}?start=0&end=600`), Number(minutes.headers['content-length'])),
  ];
  for (const url of urls) await send('DELETE', url, { headers: tus });
  return figures;
}
