// What each route costs at the platform: operations on R2 and requests to Durable Objects, as the Worker counted them. A
// number that grows is a route that has become dearer: it fails here.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apiKey, contentDigest, create, edge, endless, finish, fragment, putConfig, putObject, recordSample, sample, type Recording } from './edge.ts';

/** R2 class A, class B and deletes; requests to Durable Objects. */
type Costs = readonly [classA: number, classB: number, deletes: number, durableObjects: number];
const none: Costs = [0, 0, 0, 0];

const table: Readonly<Record<string, Costs>> = {
  '/healthz': none,
  '/openapi.json': none,
  'POST /v1/recordings': [1, 0, 0, 2],
  'PUT configs/{hash}': [1, 0, 0, 1],
  'PUT objects/main/{seq}': [1, 1, 0, 1],
  'PUT objects/main/{seq}, again': [1, 2, 0, 1],
  'GET objects': [0, 0, 0, 1],
  'POST finish': [1, 0, 0, 2],
  'POST /v1/keys': [0, 0, 0, 1],
  'GET /v1/recordings': [0, 0, 0, 1],
  'GET /v1/recordings, by a key that was made': [0, 0, 0, 2],
  'GET /v1/recordings/{id}': [0, 0, 0, 1],
  'PATCH /v1/recordings/{id}': [1, 0, 0, 2],
  'POST clips': [1, 0, 0, 1],
  'GET clips': [0, 0, 0, 1],
  'GET clips/{clip}': [0, 0, 0, 1],
  'DELETE clips/{clip}': [1, 0, 1, 1],
  'POST tokens': none,
  'POST broadcasts': [1, 0, 0, 1],
  'DELETE /v1/recordings/{id}': [3, 0, 2, 2],
  'index.m3u8': [0, 0, 0, 1],
  'media.m3u8': [0, 0, 0, 1],
  'media.m3u8?_HLS_skip=YES': [0, 0, 0, 1],
  'iframes.m3u8': [0, 0, 0, 1],
  'media.m3u8, a range of 3 objects': [0, 0, 0, 1],
  'main/{seq}.m4s': [0, 1, 0, 1],
  'main/{seq}.m4s, from the cache': none,
  'init-{hash}.mp4': [0, 1, 0, 1],
  'main/{seq}.m4s, a part': [0, 1, 0, 1],
  'video.mp4, HEAD': [0, 0, 0, 1],
  'video.mp4, 8 objects': [0, 8, 0, 1],
  'video.mp4, its last bytes': [0, 1, 0, 1],
  'video.mp4, a range of 3 objects': [0, 4, 0, 1],
  'audio.m4a, 8 objects': [0, 8, 0, 1],
  'POST /v1/uploads': [0, 0, 0, 1],
  'PATCH uploads/{id}, 1 MiB': [0, 0, 0, 1],
  'HEAD uploads/{id}': [0, 0, 0, 1],
  'PATCH uploads/{id}, the last 8 MiB of 9': [2, 0, 0, 1],
  'GET uploads/{id}, 9 MiB': [0, 2, 0, 1],
  'DELETE uploads/{id}': [0, 0, 1, 1],
};

function costs(headers: Headers): Costs {
  const told = headers.get('livetape-cost') ?? '';
  const count = (name: string): number => Number(new RegExp(`\\b${name}=(\\d+)`).exec(told)?.[1]);
  return [count('class-a'), count('class-b'), count('deletes'), count('durable-objects')];
}
const sum = (one: Costs, other: Costs): Costs => [one[0] + other[0], one[1] + other[1], one[2] + other[2], one[3] + other[3]];

interface Asked { readonly key?: string; readonly headers?: Record<string, string>; readonly body?: Uint8Array | string }
interface Paid { readonly costs: Costs; readonly body: Buffer; readonly headers: Headers }

/** Sends a request that is to succeed; the body is read to its end. */
async function pay(method: string, url: string, { key, headers = {}, body }: Asked = {}): Promise<Paid> {
  const bearer = key === undefined ? {} : { Authorization: `Bearer ${key}` };
  const answer = await fetch(url, { method, headers: { ...headers, ...bearer }, ...(body === undefined ? {} : { body: Buffer.from(body) }) });
  const read = Buffer.from(await answer.arrayBuffer());
  assert.ok(answer.status < 300, `${method} ${url}: ${answer.status} ${read.subarray(0, 200).toString()}`);
  return { costs: costs(answer.headers), body: read, headers: answer.headers };
}

const rows: Record<string, Costs> = {};
const row = async (route: string, ...asked: Parameters<typeof pay>): Promise<Paid> => {
  const paid = await pay(...asked);
  rows[route] = paid.costs;
  return paid;
};
const json = (body: object): Asked => ({ key: apiKey, body: JSON.stringify(body) });
const folder = ({ playback }: Recording): string => playback.hls.replace('index.m3u8', '');
const within = (seconds: number): string => `start=${seconds}&end=${seconds + 4}`;

async function recorder(): Promise<void> {
  const made = await row('POST /v1/recordings', 'POST', `${edge}/v1/recordings`, json({}));
  const recording = JSON.parse(made.body.toString()) as Recording;
  const own = { key: recording.ingest_token };
  await row('PUT configs/{hash}', 'PUT', `${recording.ingest_url}/configs/${sample.config}`, { ...own, body: sample.init });
  const { bytes } = fragment(0);
  const put = { ...own, body: bytes, headers: { 'Content-Digest': contentDigest(bytes), 'Livetape-Config': sample.config } };
  await row('PUT objects/main/{seq}', 'PUT', `${recording.ingest_url}/objects/main/0`, put);
  await row('PUT objects/main/{seq}, again', 'PUT', `${recording.ingest_url}/objects/main/0`, put);
  await row('GET objects', 'GET', `${recording.ingest_url}/objects`, own);
  await row('POST finish', 'POST', `${recording.ingest_url}/finish`, { ...own, body: '{}' });
}

async function operator(): Promise<void> {
  const recording = await recordSample();
  const keyed = await row('POST /v1/keys', 'POST', `${edge}/v1/keys`, json({ scopes: ['read'] }));
  const { key } = JSON.parse(keyed.body.toString()) as { key: string };
  await row('GET /v1/recordings', 'GET', `${edge}/v1/recordings`, { key: apiKey });
  await row('GET /v1/recordings, by a key that was made', 'GET', `${edge}/v1/recordings`, { key });
  await row('GET /v1/recordings/{id}', 'GET', recording.ingest_url);
  await row('PATCH /v1/recordings/{id}', 'PATCH', recording.ingest_url, json({ title: 'Derby' }));
  const clip = await row('POST clips', 'POST', `${recording.ingest_url}/clips`, json({ start: 1, end: 5 }));
  const { id } = JSON.parse(clip.body.toString()) as { id: string };
  await row('GET clips', 'GET', `${recording.ingest_url}/clips`, { key: apiKey });
  await row('GET clips/{clip}', 'GET', `${recording.ingest_url}/clips/${id}`);
  await row('DELETE clips/{clip}', 'DELETE', `${recording.ingest_url}/clips/${id}`, { key: apiKey });
  await row('POST tokens', 'POST', `${recording.ingest_url}/tokens`, json({ seconds: 60 }));
  await row('POST broadcasts', 'POST', `${recording.ingest_url}/broadcasts`, json({}));
  await row('DELETE /v1/recordings/{id}', 'DELETE', recording.ingest_url, { key: apiKey });
}

async function viewer(): Promise<void> {
  const recording = await recordSample();
  for (const name of ['index.m3u8', 'media.m3u8', 'media.m3u8?_HLS_skip=YES', 'iframes.m3u8']) await row(name, 'GET', folder(recording) + name);
  await row('media.m3u8, a range of 3 objects', 'GET', `${folder(recording)}media.m3u8?${within(3)}`);
  await row('main/{seq}.m4s', 'GET', `${folder(recording)}main/3.m4s`);
  // It is cached beside being sent; and one of all who ask in half a second asks the recording who may.
  const [from, isCached] = [Date.now(), ({ headers }: Paid): boolean => /durable-objects=0, cache-hits=1/.test(headers.get('livetape-cost') ?? '')];
  while (!isCached(await row('main/{seq}.m4s, from the cache', 'GET', `${folder(recording)}main/3.m4s`))) assert.ok(Date.now() - from < 5_000, 'not cached');
  // The gate was asked just now, perhaps: another recording's was not.
  await row('init-{hash}.mp4', 'GET', `${folder(await recordSample())}init-${sample.config}.mp4`);
  await row('main/{seq}.m4s, a part', 'GET', `${folder(recording)}main/3.m4s?from=6500000`);
  await row('video.mp4, HEAD', 'HEAD', `${folder(recording)}video.mp4`);
  await row('video.mp4, 8 objects', 'GET', `${folder(recording)}video.mp4`);
  await row('video.mp4, its last bytes', 'GET', `${folder(recording)}video.mp4`, { headers: { Range: 'bytes=-1000' } });
  await row('video.mp4, a range of 3 objects', 'GET', `${folder(recording)}video.mp4?${within(3)}`);
  await row('audio.m4a, 8 objects', 'GET', `${folder(recording)}audio.m4a`);
}

async function uploader(): Promise<void> {
  const tus = { 'Tus-Resumable': '1.0.0' };
  const made = await row('POST /v1/uploads', 'POST', `${edge}/v1/uploads`, { key: apiKey, headers: { ...tus, 'Upload-Length': String(9 << 20) } });
  const url = made.headers.get('location') ?? '';
  const bytes = { ...tus, 'Content-Type': 'application/offset+octet-stream' };
  await row('PATCH uploads/{id}, 1 MiB', 'PATCH', url, { headers: { ...bytes, 'Upload-Offset': '0' }, body: new Uint8Array(1 << 20) });
  await row('HEAD uploads/{id}', 'HEAD', url, { headers: tus });
  await row('PATCH uploads/{id}, the last 8 MiB of 9', 'PATCH', url, { headers: { ...bytes, 'Upload-Offset': String(1 << 20) }, body: new Uint8Array(8 << 20) });
  await row('GET uploads/{id}, 9 MiB', 'GET', url);
  await row('DELETE uploads/{id}', 'DELETE', url, { headers: tus });
}

test('what each route costs', async () => {
  for (const route of ['/healthz', '/openapi.json']) await row(route, 'GET', edge + route);
  for (const client of [recorder, operator, viewer, uploader]) await client();
  const lines = Object.entries(rows).map(([route, own]) => `| ${[route, ...own].join(' | ')} |`);
  console.log(['| route | class A | class B | deletes | Durable Objects |', '|---|---:|---:|---:|---:|', ...lines].join('\n'));
  assert.deepEqual(rows, table);
});

test('a live recording writes its objects and its init segment, nothing else, however many watch it', async () => {
  const recording = await create();
  let [recorded, watched] = [none, none];
  recorded = sum(recorded, costs((await putConfig(recording)).headers));
  let reloads = 0;
  const from = performance.now();
  for (let seq = 0; seq < 8; seq += 1) {
    recorded = sum(recorded, costs((await putObject(recording, seq, endless(seq))).headers));
    const paid = await Promise.all(Array.from({ length: 12 }, () => pay('GET', `${folder(recording)}media.m3u8?_HLS_skip=YES`)));
    // Whoever asks after an object was taken sees it.
    for (const { body } of paid) assert.match(body.toString(), new RegExp(`main/${seq}\\.m4s`));
    const again = await Promise.all(Array.from({ length: 12 }, () => pay('GET', `${folder(recording)}media.m3u8?_HLS_skip=YES`)));
    watched = again.reduce((all, { costs }) => sum(all, costs), watched);
    reloads += again.length;
  }
  recorded = sum(recorded, costs((await finish(recording)).headers));
  assert.deepEqual(recorded.slice(0, 3), [10, 8, 0], 'an init segment, eight objects, of which each head is read back, and that it is finished');
  assert.deepEqual(watched.slice(0, 3), [0, 0, 0], 'no playlist is stored, or read from storage');
  // One of all who ask is sent to the recording each half second.
  const most = 1 + Math.floor((performance.now() - from) / 500);
  console.log(`${reloads} reloads: ${watched[3]} requests to the recording, at most ${most}`);
  assert.ok(watched[3] <= most, `${watched[3]} of ${reloads}, more than ${most}`);
});
