// An uploaded transport stream is read in slices, each asked for by a message: wherever reading is cut off, it goes on from the slice
// before, and what comes of it is the same.
import assert from 'node:assert/strict';
import { readFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { readFrames } from '../media/frames.ts';
import { samplePath } from '../media/sample.ts';
import { runTool } from '../media/tool.ts';
import { random } from './random.ts';
import { Runtime } from './runtime.ts';

/** Bytes of a slice: some twenty of the film. */
const slice = 500_000;
const runtime = await Runtime.create(`LIVETAPE_SLICE_BYTES:${slice}`, 'LIVETAPE_SLICE_TRIES:2');
after(() => runtime.remove());
process.env['LIVETAPE_EDGE'] = runtime.address;
process.env['LIVETAPE_API_KEY'] = runtime.apiKey;
const { answered, apiKey, call, edge, playlist } = await import('./edge.ts');

const tus = { 'Tus-Resumable': '1.0.0' };
const seed = Number(process.env['LIVETAPE_SEED'] ?? Date.now() % 1_000_000);
const draw = random(seed);

interface Told {
  readonly state: string;
  readonly reason: string | null;
  readonly recording: string;
  /** Bytes that were read, by slices that are done. */
  readonly at: number;
  /** Bytes that were read besides. */
  readonly again: number;
}

/** The sample so many times, as a transport stream. */
async function film(times: number): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), 'livetape-slices-'));
  try {
    const path = join(folder, 'film.ts');
    await runTool('ffmpeg', ['-v', 'error', '-stream_loop', String(times - 1), '-i', samplePath, '-map', '0', '-c', 'copy', path]);
    return await readFile(path);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function upload(bytes: Buffer): Promise<string> {
  const headers = { ...tus, Authorization: `Bearer ${apiKey}`, 'Content-Type': 'application/offset+octet-stream', 'Upload-Length': String(bytes.length) };
  const made = await fetch(`${edge}/v1/uploads`, { method: 'POST', headers, body: new Uint8Array(bytes) });
  assert.equal(made.status, 201);
  return made.headers.get('location') ?? '';
}

async function told(url: string): Promise<Told> {
  const { headers } = await fetch(url, { method: 'HEAD', headers: tus });
  const [at, again] = /^(\d+);again=(\d+)$/.exec(headers.get('livetape-indexed') ?? '0;again=0')?.slice(1).map(Number) ?? [];
  return { state: headers.get('livetape-state') ?? '', reason: headers.get('livetape-reason'), recording: headers.get('livetape-recording') ?? '', at: at ?? NaN, again: again ?? NaN };
}

/** Asks until it is so, or nothing comes any more. */
async function until(url: string, is: (told: Told) => boolean): Promise<Told> {
  for (;;) {
    const now = await told(url);
    if (is(now) || now.state !== 'indexing') return now;
  }
}

/** What comes of it. */
async function made(recording: string): Promise<Record<string, string>> {
  const { body } = await call('GET', `${edge}/v1/recordings/${recording}`);
  const play = `${edge}/v1/play/${recording}`;
  const media = await playlist(`${play}/media.m3u8`);
  const answers: Record<string, string> = { media, facts: JSON.stringify([body.state, body.duration, body.objects, body.bytes, body.tracks]) };
  for (const file of ['video.mp4', 'audio.m4a', ...(media.match(/^main.*$/gm) ?? [])]) answers[file] = (await answered(`${play}/${file}`)).replace(/"[0-9a-f]+"/, '');
  return answers;
}

test(`a transport stream is made the same recording however often that is cut off (seed ${seed})`, { timeout: 180_000 }, async () => {
  const bytes = await film(4);
  const undisturbed = await upload(bytes);
  const whole = await until(undisturbed, () => false);
  assert.deepEqual([whole.state, whole.at, whole.again], ['playable', bytes.length, 0]);
  const slices = Math.ceil(bytes.length / slice);
  assert.ok(slices > 15, `${slices}`);

  const url = await upload(bytes);
  let lost = 0;
  for (const part of [0.3, 0.7]) {
    const before = await until(url, ({ at }) => at > part * bytes.length);
    assert.equal(before.state, 'indexing', 'it is cut off in the middle');
    await new Promise((resolve) => setTimeout(resolve, draw(40)));
    await runtime.kill();
    await runtime.start();
    const now = await told(url);
    assert.ok(now.at >= before.at, `${now.at} of ${before.at}`);
    lost += 1;
  }
  const done = await until(url, () => false);
  assert.deepEqual([done.state, done.at], ['playable', bytes.length]);
  assert.ok(done.again <= lost * slice, `${done.again} bytes were read again`);
  const [one, other] = [await made(whole.recording), await made(done.recording)];
  assert.deepEqual(other, one);
  const { frames } = await readFrames(`${edge}/v1/play/${done.recording}/video.mp4`);
  assert.deepEqual(frames.map((frame) => frame.number), Array.from({ length: 1_600 }, (_, number) => number % 400));
  assert.deepEqual(runtime.stored('upl/').filter(({ key }) => key.includes('slice')), [], 'nothing is left of what was kept between slices');
  console.log(`${slices} slices, cut off ${lost} times: ${done.again} of ${bytes.length} bytes were read again`);
});

test('a slice that fails again and again is given up, with a reason', { timeout: 60_000 }, async () => {
  const url = await upload(await film(4));
  assert.equal((await until(url, ({ at }) => at > slice)).state, 'indexing');
  await runtime.kill();
  const id = new URL(url).pathname.split('/').pop() ?? '';
  // What is left to be read is not there any more.
  runtime.loseStored(`upl/${id}/`);
  await runtime.start();
  const given = await until(url, () => false);
  assert.deepEqual([given.state, given.reason], ['failed', 'given_up']);
  assert.equal((await call('GET', `${edge}/v1/recordings/${given.recording}`)).body.error.code, 'unknown_recording');
});
