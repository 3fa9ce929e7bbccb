// Which pages may read an answer, what browsers are told that ask before, and how often an address may do things.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apiKey, call, edge, recordSample, sample, type Answer } from './edge.ts';

const school = 'https://school.example';
const files = ['index.m3u8', 'media.m3u8', 'video.mp4', `init-${sample.config}.mp4`, 'main/0.m4s', 'main/3.m4s?from=6500000', 'iframes/0.m4s'];
const fields = (answer: Response): (string | null)[] => [answer.headers.get('access-control-allow-origin'), answer.headers.get('vary')];
const ask = async (by: string, file: string, headers: Record<string, string> = {}): Promise<Response> => {
  const answer = await fetch(`${edge}/v1/play/${by}/${file}`, { method: 'HEAD', headers });
  await answer.body?.cancel();
  return answer;
};

test('a recording with origins plays on their pages, and says so; others play everywhere', async () => {
  const [closed, open] = await Promise.all([recordSample({ origins: [school] }), recordSample()]);
  for (const file of files) {
    assert.deepEqual([...fields(await ask(open.id, file, { Origin: 'https://any.example' }))], ['*', null], file);
    const own = await ask(closed.id, file, { Origin: school });
    assert.deepEqual([own.status, ...fields(own)], [200, school, 'Origin'], file);
    const other = await ask(closed.id, file, { Origin: 'https://school.example.evil' });
    assert.equal(other.status, 403, file);
    assert.equal((await ask(closed.id, file, { Referer: 'https://other.example/page' })).status, 403);
    for (const headers of [{}, { Referer: `${school}/page` }, { Referer: `${new URL(edge).origin}/watch` }] as Record<string, string>[]) {
      const silent = await ask(closed.id, file, headers);
      assert.deepEqual([silent.status, ...fields(silent)], [200, null, 'Origin'], file);
    }
  }
  const { body } = await call('GET', `${edge}/v1/play/${closed.id}/media.m3u8`, { headers: { Origin: 'https://other.example' } });
  assert.equal(body.error.code, 'origin_refused');
  const token = await call('POST', `${edge}/v1/recordings/${open.id}/tokens`, { token: apiKey, body: JSON.stringify({ origins: [school] }) });
  assert.deepEqual(fields(await ask(token.body.token, 'main/0.m4s', { Origin: school })), [school, 'Origin']);
  const change = (origins: unknown): Promise<Answer> => call('PATCH', `${edge}/v1/recordings/${closed.id}`, { token: apiKey, body: JSON.stringify({ origins }) });
  assert.deepEqual((await change([])).body.origins, undefined);
  for (const bad of [['school.example'], ['*'], 'https://school.example']) assert.equal((await change(bad)).body.error.code, 'bad_request');
  const since = Date.now();
  while ((await ask(closed.id, 'main/0.m4s', { Origin: 'https://other.example' })).status !== 200) assert.ok(Date.now() - since < 2_000);
});

test('a template says where its recordings play', async () => {
  const template = await call('POST', `${edge}/v1/templates`, { token: apiKey, body: JSON.stringify({ play_origins: [school] }) });
  const made = await call('POST', `${edge}/v1/recordings`, { body: JSON.stringify({ template: template.body.id, origins: [] }) });
  const { body } = await call('GET', `${edge}/v1/recordings/${made.body.id}`);
  assert.deepEqual(body.origins, [school]);
  // What a template is for the pages of is answered to them.
  const own = await call('POST', `${edge}/v1/templates`, { token: apiKey, body: JSON.stringify({ origins: [school] }) });
  const answer = await call('POST', `${edge}/v1/recordings`, { headers: { Origin: school }, body: JSON.stringify({ template: own.body.id }) });
  assert.deepEqual([answer.status, answer.headers.get('access-control-allow-origin'), answer.headers.get('vary')], [201, school, 'Origin']);
});

test('a key with origins is for their pages, whose answers are for them', async () => {
  const made = await call('POST', `${edge}/v1/keys`, { token: apiKey, body: JSON.stringify({ scopes: ['read'], origins: [school] }) });
  assert.deepEqual(made.body.origins, [school]);
  const list = (headers: Record<string, string>): Promise<Answer> => call('GET', `${edge}/v1/recordings?limit=1`, { token: made.body.key, headers });
  const own = await list({ Origin: school });
  assert.deepEqual([own.status, own.headers.get('access-control-allow-origin'), own.headers.get('vary')], [200, school, 'Origin']);
  for (const headers of [{}, { Origin: 'https://other.example' }] as Record<string, string>[]) {
    const other = await list(headers);
    assert.deepEqual([other.status, other.body.error.code], [403, 'origin_not_allowed']);
  }
  const free = await call('GET', `${edge}/v1/recordings?limit=1`, { token: apiKey, headers: { Origin: school } });
  assert.deepEqual([free.headers.get('access-control-allow-origin'), free.headers.get('vary')], ['*', null]);
  const { body } = await call('GET', `${edge}/v1/keys`, { token: apiKey });
  assert.deepEqual(body.keys.find((each: { id: string }) => each.id === made.body.id).origins, [school]);
  assert.equal((await call('DELETE', `${edge}/v1/keys/${made.body.id}`, { token: apiKey })).status, 204);
});

test('browsers that ask before are told of every method and field', async () => {
  const named = ['authorization', 'content-digest', 'content-type', 'livetape-config', 'livetape-wall-clock', 'livetape-base-time', 'livetape-duration', 'livetape-independent', 'range', 'if-range', 'if-none-match', 'tus-resumable', 'upload-offset', 'upload-length', 'upload-metadata', 'upload-checksum', 'upload-concat', 'upload-defer-length', 'x-http-method-override'];
  const { body: document } = await call('GET', `${edge}/openapi.json`);
  for (const [path, item] of Object.entries(document.paths as Record<string, object>)) {
    const answer = await fetch(`${edge}${path.replaceAll(/[{}]/g, '')}`, { method: 'OPTIONS', headers: { Origin: school, 'Access-Control-Request-Method': 'PUT' } });
    assert.equal(answer.status, 204, path);
    assert.equal(answer.headers.get('access-control-allow-origin'), '*');
    const list = (name: string): string[] => (answer.headers.get(name) ?? '').toLowerCase().split(/, */);
    for (const method of Object.keys(item)) assert.ok(list('access-control-allow-methods').includes(method), `${method} ${path}`);
    assert.deepEqual(named.filter((name) => !list('access-control-allow-headers').includes(name)), [], path);
  }
});

/** Sends a request from an address until it is refused for being one too many, `most` times at most. */
async function untilTooMany(most: number, send: (address: Record<string, string>) => Promise<Answer>, address: string): Promise<Answer> {
  const from = { 'CF-Connecting-IP': address };
  // The limiter counts whole minutes: one may end in between.
  for (let sent = 0; sent <= 2 * most; sent += 50) {
    const answers = await Promise.all(Array.from({ length: 50 }, () => send(from)));
    const refused = answers.find((answer) => answer.status === 429);
    if (refused) return refused;
  }
  throw new Error(`never too many of ${most}`);
}

test('an address creates so much in a minute; others go on', async () => {
  const recording = await recordSample();
  const make = (headers: Record<string, string>): Promise<Answer> => call('POST', `${edge}/v1/recordings/${recording.id}/tokens`, { token: apiKey, headers });
  const late = await untilTooMany(600, make, '192.0.2.1');
  assert.deepEqual([late.body.error.code, late.headers.get('retry-after')], ['too_many_requests', '60']);
  assert.equal((await make({ 'CF-Connecting-IP': '192.0.2.2' })).status, 201);
  const upload = await call('POST', `${edge}/v1/uploads`, { token: apiKey, headers: { 'CF-Connecting-IP': '192.0.2.1', 'Tus-Resumable': '1.0.0', 'Upload-Length': '1' } });
  assert.deepEqual([upload.status, upload.headers.get('tus-resumable')], [429, '1.0.0']);
});

test('an address that guesses keys is not listened to for a while, even with the right one', async () => {
  const list = (headers: Record<string, string>, token: string): Promise<Answer> => call('GET', `${edge}/v1/recordings?limit=1`, { token, headers });
  const late = await untilTooMany(60, (from) => list(from, 'guessed'), '192.0.2.3');
  assert.deepEqual([late.body.error.code, late.headers.get('retry-after')], ['too_many_requests', '60']);
  assert.equal((await list({ 'CF-Connecting-IP': '192.0.2.3' }, apiKey)).status, 429);
  assert.equal((await list({ 'CF-Connecting-IP': '192.0.2.4' }, apiKey)).status, 200);
});
