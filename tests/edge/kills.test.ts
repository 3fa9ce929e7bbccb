// The edge's runtime is killed at any moment while it takes uploads and a recording: what it acknowledged is there when it is back,
// and all of it comes out as it was sent.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { request } from 'node:http';
import { after, before, test } from 'node:test';
import { Upload } from 'tus-js-client';
import { call, contentDigest, endless, finish, playlist, putConfig, putObject, sample, sha256, type Recording } from './edge.ts';
import { random } from './random.ts';
import { Runtime } from './runtime.ts';

/** How often it is killed: `LIVETAPE_EDGE_KILLS` is set by the soak. */
const kills = Number(process.env['LIVETAPE_EDGE_KILLS'] ?? 10);
/** Milliseconds between two tries of what failed. */
const again = 50;
const mebibyte = 1 << 20;

const seed = Number(process.env['LIVETAPE_SEED'] ?? Date.now() % 1e9);
const draw = random(seed);
const pause = (millis: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, millis));

let runtime: Runtime;
before(async () => {
  runtime = await Runtime.create();
});
after(() => runtime.remove());

async function create(): Promise<Recording> {
  const answer = await call('POST', `${runtime.address}/v1/recordings`, { token: runtime.apiKey, body: '{}' });
  assert.equal(answer.status, 201);
  const recording = answer.body as Recording;
  assert.equal((await putConfig(recording)).status, 201);
  return recording;
}

/** An object's first bytes, and then the connection is gone. */
function cut(recording: Recording, seq: number): Promise<void> {
  const bytes = endless(seq);
  const headers = { 'Authorization': `Bearer ${recording.ingest_token}`, 'Content-Length': bytes.length, 'Content-Digest': contentDigest(bytes), 'Livetape-Config': sample.config };
  return new Promise((resolve) => {
    const sent = request(`${recording.ingest_url}/objects/main/${seq}`, { method: 'PUT', headers });
    sent.on('error', () => resolve());
    sent.on('close', () => resolve());
    sent.write(bytes.subarray(0, draw(bytes.length)), () => sent.destroy());
  });
}

/** A recorder that goes on, whatever happens: out of order, twice, cut off at any byte. */
class Recorder {
  readonly recording: Recording;
  /** Digests of what was acknowledged. */
  readonly taken = new Map<number, string>();
  #next = 0;
  #ended = false;
  readonly #lanes: Promise<void>[];

  constructor(recording: Recording) {
    this.recording = recording;
    this.#lanes = [0, 1, 2].map(() => this.#feed());
  }

  async #feed(): Promise<void> {
    while (!this.#ended) {
      const seq = this.#next++;
      if (draw(4) === 0) await cut(this.recording, seq);
      const times = draw(5) === 0 ? 2 : 1;
      await Promise.all(Array.from({ length: times }, () => this.#put(seq)));
      await pause(100 + draw(200));
    }
  }

  async #put(seq: number): Promise<void> {
    const bytes = endless(seq);
    for (;;) {
      const answer = await putObject(this.recording, seq, bytes).catch(() => undefined);
      if (answer && answer.status < 300) {
        this.taken.set(seq, contentDigest(bytes));
        return;
      }
      assert.ok(!answer || answer.status >= 500, `object ${seq}: ${answer?.status} ${JSON.stringify(answer?.body)}`);
      await pause(again);
    }
  }

  /** Ends it, and gives the number of objects. */
  async end(): Promise<number> {
    this.#ended = true;
    await Promise.all(this.#lanes);
    return this.#next;
  }
}

/** An upload by tus-js-client, which goes on when the edge is back. */
class Uploader {
  readonly bytes = randomBytes(mebibyte + draw(12 * mebibyte));
  isDone = false;
  /** What the edge has told to have. */
  offset = 0;
  readonly #upload: Upload;
  readonly done: Promise<void>;

  constructor() {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.done = promise;
    this.#upload = new Upload(this.bytes, {
      endpoint: `${runtime.address}/v1/uploads`,
      headers: { Authorization: `Bearer ${runtime.apiKey}` },
      chunkSize: draw(2) === 0 ? Infinity : 300_000 + draw(2 * mebibyte),
      retryDelays: Array.from({ length: 1_000 }, () => again),
      onShouldRetry: () => true,
      onChunkComplete: (_, accepted) => (this.offset = accepted),
      onError: reject,
      onSuccess: () => {
        this.isDone = true;
        resolve();
      },
    });
    this.#upload.start();
  }

  /** What was acknowledged is there. */
  async assertKept(offset: number): Promise<void> {
    if (!this.#upload.url) return;
    const answer = await fetch(this.#upload.url, { method: 'HEAD', headers: { 'Tus-Resumable': '1.0.0' } });
    const kept = Number(answer.headers.get('upload-offset'));
    assert.ok(answer.status === 200 && kept >= offset, `${answer.status}: ${kept} of ${offset} bytes`);
  }

  async assertWhole(): Promise<void> {
    await this.done;
    const stored = await fetch(this.#upload.url ?? '');
    assert.deepEqual(sha256(Buffer.from(await stored.arrayBuffer())), sha256(this.bytes));
  }
}

test(`nothing that was acknowledged is lost in ${kills} kills (seed ${seed})`, { timeout: 60_000 + kills * 15_000 }, async () => {
  const recorder = new Recorder(await create());
  let uploaders: Uploader[] = [];
  let sent = 0;
  const check = async (uploader: Uploader): Promise<void> => {
    await uploader.assertWhole();
    sent += uploader.bytes.length;
  };
  for (let kill = 0; kill < kills; kill += 1) {
    const done = new Set(uploaders.filter(({ isDone }) => isDone));
    await Promise.all([...done].map(check));
    uploaders = uploaders.filter((uploader) => !done.has(uploader));
    while (uploaders.length < 2) uploaders.push(new Uploader());
    await pause(20 + draw(900));
    await runtime.kill();
    const taken = new Map(recorder.taken);
    const kept = uploaders.map((uploader) => [uploader, uploader.offset] as const);
    await runtime.start();
    const { recording } = recorder;
    const listed = await call('GET', `${recording.ingest_url}/objects`, { token: recording.ingest_token });
    const digests = new Map((listed.body.objects as { seq: number; digest: string }[]).map((each) => [each.seq, each.digest]));
    for (const [seq, digest] of taken) assert.equal(digests.get(seq), digest, `object ${seq} of ${taken.size}`);
    for (const [uploader, offset] of kept) await uploader.assertKept(offset);
  }
  await Promise.all(uploaders.map(check));
  const { recording } = recorder;
  const objects = await recorder.end();
  assert.equal((await finish(recording, { objects: { main: objects } })).status, 200);
  // As if nothing had happened.
  const undisturbed = await create();
  const put = async (seq: number): Promise<void> => assert.equal((await putObject(undisturbed, seq, endless(seq))).status, 201);
  await Promise.all(Array.from({ length: objects }, (_, seq) => put(seq)));
  await finish(undisturbed, { objects: { main: objects } });
  const texts = await Promise.all([recording, undisturbed].map(({ playback }) => playlist(playback.hls.replace('index.m3u8', 'media.m3u8'))));
  assert.equal(texts[0], texts[1]);
  const files: Buffer[] = [];
  for (const { playback } of [recording, undisturbed]) files.push(sha256(Buffer.from(await (await fetch(playback.mp4)).arrayBuffer())));
  assert.deepEqual(files[0], files[1]);
  console.log(`${kills} kills: ${objects} objects and ${(sent / 1e6).toFixed(0)} MB of uploads, whole`);
});
