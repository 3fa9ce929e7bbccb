// Many at the same time: viewers of one live recording, and uploads.
import { randomBytes } from 'node:crypto';
import { costs, send, share } from './client.ts';
import { playToken, type Setting } from './routes.ts';
import { processor, workerd } from './runtime.ts';
import { begin, put, seconds } from './stream.ts';

/** What many requests took. Times are in milliseconds. */
export interface Load {
  readonly what: string;
  readonly requests: number;
  /** Requests a second. */
  readonly rate: number;
  readonly p50: number;
  readonly p99: number;
  /** Requests to Durable Objects for each of them. */
  readonly objects: number;
  readonly cpu: number;
}

const pause = (millis: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, Math.max(0, millis)));
const viewers = 1_000;

/**
 * So many viewers of a recording to which an object is added every 4 s: each reloads its playlist as often, and fetches the
 * newest object. They begin spread over 4 s; who is late goes on at once.
 */
export async function watched(setting: Setting, how: 'by the id' | 'by tokens', millis: number): Promise<Load> {
  const { edge, key, stream } = setting;
  const live = await begin(edge, key, stream);
  let last = 0;
  for (; last < 5; last += 1) await put(live, stream, last);
  const name = how === 'by the id' ? live.id : await playToken(setting, live.id);
  const play = `${edge}/v1/play/${name}/`;
  const [times, objects]: [number[], number[]] = [[], []];
  const pid = workerd();
  const [from, before] = [performance.now(), processor(pid)];
  const until = from + millis;
  const recorder = async (): Promise<void> => {
    for (let next = from; performance.now() < until; next += 1_000 * seconds) {
      await put(live, stream, last++);
      await pause(next + 1_000 * seconds - performance.now());
    }
  };
  const ask = async (path: string): Promise<Buffer> => {
    const got = await send('GET', play + path);
    times.push(got.last);
    objects.push(costs(got).objects);
    return got.body;
  };
  const viewer = async (number: number): Promise<void> => {
    for (let next = from + (1_000 * seconds * number) / viewers; next < until; next += 1_000 * seconds) {
      await pause(next - performance.now());
      if (performance.now() >= until) return;
      const text = (await ask('media.m3u8?_HLS_skip=YES')).toString();
      await ask(/main\/\d+\.m4s/g.exec(text.slice(text.lastIndexOf('main/')))?.[0] ?? '');
    }
  };
  await Promise.all([recorder(), ...Array.from({ length: viewers }, (_, number) => viewer(number))]);
  return load(`${viewers} viewers, ${how}`, times, objects, processor(pid) - before, performance.now() - from);
}

/** A hundred uploads of 1 MiB at the same time, each created and then sent. */
export async function uploaded({ edge, key }: Setting): Promise<Load> {
  const tus = { 'tus-resumable': '1.0.0' };
  const body = randomBytes(1 << 20);
  const pid = workerd();
  const [from, before] = [performance.now(), processor(pid)];
  const upload = async (): Promise<[millis: number, objects: number]> => {
    const begun = performance.now();
    const made = await send('POST', `${edge}/v1/uploads`, { key, headers: { ...tus, 'upload-length': String(body.length) } });
    const headers = { ...tus, 'content-type': 'application/offset+octet-stream', 'upload-offset': '0' };
    const sent = await send('PATCH', String(made.headers.location), { headers, body });
    return [performance.now() - begun, costs(made).objects + costs(sent).objects];
  };
  const done = await Promise.all(Array.from({ length: 100 }, upload));
  return load('100 uploads of 1 MiB', done.map(([millis]) => millis), done.map(([, objects]) => objects), processor(pid) - before, performance.now() - from);
}

function load(what: string, times: readonly number[], objects: readonly number[], cpu: number, millis: number): Load {
  const requests = times.length;
  const asked = objects.reduce((sum, each) => sum + each, 0);
  const made = { what, requests, rate: (1_000 * requests) / millis, p50: share(times, 0.5), p99: share(times, 0.99), objects: asked / requests, cpu: cpu / requests };
  console.log(`  ${what}: ${requests}, ${made.rate.toFixed(0)} a second, p50 ${made.p50.toFixed(0)} ms, p99 ${made.p99.toFixed(0)} ms, ${made.objects.toFixed(3)} requests to Durable Objects, ${made.cpu.toFixed(1)} ms of processor each`);
  return made;
}
