// Files that never change come from the platform's cache once they were read from storage: to those who may have them, and as long as they may.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apiKey, call, create, edge, endless, finish, putConfig, putEndless, putObject, recordSample, sample, type Recording } from './edge.ts';

interface Got { readonly told: string; readonly body: Buffer; readonly headers: Headers; readonly cost: string }

async function get(by: string, file: string, init: RequestInit = {}): Promise<Got> {
  const answer = await fetch(`${edge}/v1/play/${by}/${file}`, init);
  const body = Buffer.from(await answer.arrayBuffer());
  const { headers } = answer;
  const code = answer.status < 400 ? '' : ` ${JSON.parse(body.toString()).error.code}`;
  const cost = /class-b=\d+|cache-hits=\d+/g;
  return { told: `${answer.status}${code}`, body, headers, cost: headers.get('livetape-cost')?.match(cost)?.join(' ') ?? '' };
}
const read = 'class-b=1 cache-hits=0';
const hit = 'class-b=0 cache-hits=1';

/** Asks until it is so: what is sent is cached beside, and a decision may take 2 s. */
async function becomes(by: string, file: string, wanted: (got: Got) => boolean): Promise<Got> {
  const from = Date.now();
  for (;;) {
    const got = await get(by, file);
    if (wanted(got)) return got;
    assert.ok(Date.now() - from < 2_000, `${got.told} ${got.cost} after ${Date.now() - from} ms`);
  }
}
const isHit = ({ cost }: Got): boolean => cost === hit;

const api = ({ id }: Recording, rest = ''): string => `${edge}/v1/recordings/${id}${rest}`;
async function token(recording: Recording): Promise<string> {
  const made = await call('POST', api(recording, '/tokens'), { token: apiKey, body: '{}' });
  return made.body.token;
}

test('what one token had read from storage, another has from the cache; who has none has nothing', async () => {
  const recording = await recordSample({ access: 'token' });
  const [one, other] = [await token(recording), await token(recording)];
  for (const [file, bytes, type] of [['main/3.m4s', sample.fragments[3]?.bytes, 'video/iso.segment'], [`init-${sample.config}.mp4`, sample.init, 'video/mp4']] as const) {
    const first = await get(one, file);
    assert.equal(first.cost, read, file);
    await becomes(one, file, isHit);
    const second = await get(other, file);
    assert.equal(second.cost, hit, file);
    for (const got of [first, second]) {
      assert.deepEqual(got.body, bytes, file);
      assert.equal(got.headers.get('content-type'), type);
      assert.equal(got.headers.get('content-length'), String(bytes?.length));
      assert.equal(got.headers.get('cache-control'), 'private, max-age=31536000, immutable');
      assert.equal(got.headers.get('access-control-allow-origin'), '*');
    }
    assert.equal((await get(recording.id, file)).told, '403 play_token_required');
    assert.equal((await get(`${other.slice(0, -4)}AAAA`, file)).told, '403 play_token_invalid');
  }
  const elsewhere = await create({ access: 'token' });
  assert.equal((await get(await token(elsewhere), 'main/3.m4s')).told, '404 unknown_object', 'another recording has its own');
  const address = `${edge}/v1/play/${recording.id}/main/3.m4s?created=${(await call('GET', api(recording))).body.created}`;
  assert.equal((await fetch(address)).status, 403, 'its name in the cache opens nothing');
});

test('a part of a segment is asked for, or nothing but its headers: the answer is the same from the cache', async () => {
  const recording = await recordSample();
  const ask = (init: RequestInit): Promise<Got> => get(recording.id, 'main/2.m4s', init);
  const before = [await ask({ headers: { Range: 'bytes=10-19' } }), await ask({ method: 'HEAD' })];
  await becomes(recording.id, 'main/2.m4s', isHit);
  const after = [await ask({ headers: { Range: 'bytes=10-19' } }), await ask({ method: 'HEAD' })];
  for (const [index, one] of before.entries()) {
    const other = after[index];
    assert.deepEqual([other?.told, other?.body, other?.headers.get('content-length')], [one.told, one.body, one.headers.get('content-length')]);
  }
  assert.deepEqual(before.map(({ told }) => told), ['200', '200']);
  assert.deepEqual(before[0]?.body, sample.fragments[2]?.bytes, 'a segment is sent whole');
  assert.equal(before[1]?.headers.get('content-length'), String(sample.fragments[2]?.bytes.length));
});

test('what is cached is encrypted where the recording is', async () => {
  const recording = await recordSample({ encryption: 'aes-128' });
  const first = await get(recording.id, 'aes/main/1.m4s');
  assert.equal(first.cost, read);
  const second = await becomes(recording.id, 'aes/main/1.m4s', isHit);
  assert.deepEqual(second.body, first.body);
  assert.notDeepEqual(second.body.subarray(0, 100), sample.fragments[1]?.bytes.subarray(0, 100));
  assert.equal((await get(recording.id, 'main/1.m4s')).told.slice(0, 3), '404');
});

test('what is banned or deleted is not sent from the cache, nor for another recording of the same id', async () => {
  const recording = await recordSample({ id: `rec_Cache${String(Date.now()).padStart(17, '0')}` });
  await becomes(recording.id, 'main/0.m4s', isHit);
  assert.equal((await call('PATCH', api(recording), { token: apiKey, body: '{"review": "banned"}' })).status, 200);
  await becomes(recording.id, 'main/0.m4s', ({ told }) => told === '403 banned');
  await call('PATCH', api(recording), { token: apiKey, body: '{"review": "approved"}' });
  await becomes(recording.id, 'main/0.m4s', isHit);
  assert.equal((await call('DELETE', api(recording), { token: apiKey })).status, 204);
  await becomes(recording.id, 'main/0.m4s', ({ told }) => told === '404 unknown_recording');
  const again = await create({ id: recording.id });
  await putConfig(again);
  const bytes = endless(9);
  assert.equal((await putObject(again, 0, bytes)).status, 201);
  const { body } = await becomes(again.id, 'main/0.m4s', isHit);
  assert.deepEqual(body, bytes);
});

test('an object is not cached before it is sure to stay what it is', async () => {
  const recording = await create();
  await putConfig(recording);
  for (const seq of [0, 1, 3]) await putEndless(recording, seq);
  await becomes(recording.id, 'main/1.m4s', isHit);
  for (let times = 0; times < 3; times += 1) assert.equal((await get(recording.id, 'main/3.m4s')).cost, read, 'others are missing before it');
  await putEndless(recording, 2);
  await finish(recording);
  await becomes(recording.id, 'main/3.m4s', isHit);
});
