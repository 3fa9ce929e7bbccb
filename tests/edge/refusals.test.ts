// What is refused, and by which code.
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { before, test } from 'node:test';
import { apiKey, call, contentDigest, create, edge, finish, fragment, putConfig, putFragment, putObject, sample, sha256, type Answer, type Recording } from './edge.ts';

let recording: Recording;
let other: Recording;

before(async () => {
  [recording, other] = await Promise.all([create(), create()]);
  await putConfig(recording);
});

function refused(answer: Answer, status: number, code: string): void {
  assert.deepEqual([answer.status, answer.body?.error?.code], [status, code]);
  assert.ok(answer.body.error.message.endsWith('.'), answer.body.error.message);
}

test('writes need the recording\'s own token', async () => {
  const { bytes } = fragment(0);
  const token = recording.ingest_token;
  const [claim, expires] = token.split('.');
  const cases: [string | undefined, number, string][] = [
    [undefined, 401, 'token_missing'],
    ['nonsense', 401, 'token_invalid'],
    [apiKey, 401, 'token_invalid'],
    [`${token.slice(0, -2)}${token.endsWith('AA') ? 'BB' : 'AA'}`, 401, 'token_invalid'],
    [`${claim}.${Number(expires) + 1}.${token.split('.')[2]}`, 401, 'token_invalid'],
    [other.ingest_token, 403, 'token_scope'],
  ];
  for (const [given, status, code] of cases) {
    const options = given === undefined ? {} : { token: given };
    const headers = { 'Content-Digest': contentDigest(bytes), 'Livetape-Config': sample.config };
    refused(await call('PUT', `${recording.ingest_url}/objects/main/0`, { ...options, headers, body: bytes }), status, code);
    refused(await call('PUT', `${recording.ingest_url}/configs/${sample.config}`, { ...options, body: sample.init }), status, code);
    refused(await call('GET', `${recording.ingest_url}/objects`, options), status, code);
    refused(await call('POST', `${recording.ingest_url}/finish`, options), status, code);
  }
  const list = await call('GET', `${recording.ingest_url}/objects`, { token });
  assert.deepEqual(list.body, { objects: [] }, 'nothing of it was stored');
});

test('creating needs the key or a template', async () => {
  const post = (body: object | string, token?: string): Promise<Answer> =>
    call('POST', `${edge}/v1/recordings`, { ...(token === undefined ? {} : { token }), body: typeof body === 'string' ? body : JSON.stringify(body) });
  refused(await post({}), 401, 'token_missing');
  refused(await post({}, 'wrong'), 401, 'key_invalid');
  refused(await post({ template: 'pub_unknown' }), 403, 'unknown_template');
  refused(await post({ template: 'pub_demo', id: 'rec_0000000000000000000000' }), 403, 'key_required');
  refused(await post({ id: 'rec_short' }, apiKey), 400, 'bad_request');
  refused(await post('{', apiKey), 400, 'bad_request');
  refused(await post({ colour: 'red' }, apiKey), 400, 'bad_request');
  refused(await post(`"${'x'.repeat(20_000)}"`, apiKey), 413, 'too_large');
  const made = await post({ template: 'pub_demo', title: 'by anybody' });
  assert.equal(made.status, 201);
  assert.equal(made.headers.get('cache-control'), 'no-store');
});

test('broadcasting needs the key and a finished recording', async () => {
  const url = `${recording.ingest_url}/broadcasts`;
  refused(await call('POST', url), 401, 'token_missing');
  refused(await call('POST', url, { token: recording.ingest_token }), 401, 'key_invalid');
  refused(await call('POST', url, { token: apiKey }), 409, 'recording_running');
});

test('an object needs its length, its digest and its configuration', async () => {
  const { bytes } = fragment(0);
  const url = `${recording.ingest_url}/objects/main/0`;
  const { ingest_token: token } = recording;
  const config = { 'Livetape-Config': sample.config };
  refused(await call('PUT', url, { token, body: bytes, headers: config }), 400, 'digest_required');
  refused(await putObject(recording, 0, bytes, { 'Content-Digest': 'md5=:AAAA:' }), 400, 'digest_required');
  refused(await putObject(recording, 0, bytes, { 'Content-Digest': contentDigest(Buffer.from('other')) }), 400, 'digest_mismatch');
  refused(await call('PUT', url, { token, body: bytes, headers: { 'Content-Digest': contentDigest(bytes) } }), 400, 'bad_header');
  refused(await putObject(recording, 0, bytes, { 'Livetape-Duration': 'two seconds' }), 400, 'bad_header');
  refused(await putObject(recording, 0, bytes, { 'Livetape-Config': '0123456789abcdef' }), 409, 'config_missing');
  refused(await chunked(url, token, bytes), 411, 'length_required');
  const list = await call('GET', `${recording.ingest_url}/objects`, { token });
  assert.deepEqual(list.body, { objects: [] }, 'nothing of it was stored');
});

/** A PUT whose length is not told. */
function chunked(url: string, token: string, bytes: Buffer): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = { Authorization: `Bearer ${token}`, 'Content-Digest': contentDigest(bytes), 'Livetape-Config': sample.config, 'Transfer-Encoding': 'chunked' };
    const put = request(url, { method: 'PUT', headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: new Headers(), body: JSON.parse(text) }));
    });
    put.on('error', reject);
    put.end(bytes);
  });
}

test('an object of 32 MiB is read, a byte more is refused', async () => {
  refused(await putObject(recording, 0, Buffer.alloc((32 << 20) + 1)), 413, 'too_large');
  refused(await putObject(recording, 0, Buffer.alloc(32 << 20)), 422, 'bad_fragment');
});

test('what is not one fragment is refused and not kept', async () => {
  const { bytes } = fragment(0);
  const moof = bytes.readUInt32BE(0);
  const bodies: Buffer[] = [
    Buffer.from('no fragment but some text that is long enough'),
    bytes.subarray(0, bytes.length - 1),
    bytes.subarray(moof),
    bytes.subarray(0, moof),
    Buffer.concat([bytes, bytes]),
    Buffer.concat([sample.init, bytes]),
    Buffer.from(Uint8Array.from([0, 0, 0, 1, 0x6d, 0x6f, 0x6f, 0x66, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff])),
  ];
  for (const body of bodies) refused(await putObject(recording, 0, body), 422, 'bad_fragment');
  const list = await call('GET', `${recording.ingest_url}/objects`, { token: recording.ingest_token });
  assert.deepEqual(list.body, { objects: [] });
  const gone = await call('GET', recording.playback.hls.replace('index.m3u8', 'main/0.m4s'));
  refused(gone, 404, 'unknown_object');
});

test('an init segment must be one, and have the hash that it is put under', async () => {
  const put = (hash: string, body: Uint8Array): Promise<Answer> =>
    call('PUT', `${recording.ingest_url}/configs/${hash}`, { token: recording.ingest_token, body });
  const hash = (bytes: Uint8Array): string => sha256(bytes).toString('hex').slice(0, 16);
  refused(await put('0123456789abcdef', sample.init), 422, 'config_hash_mismatch');
  const text = Buffer.from('not boxes');
  refused(await put(hash(text), text), 422, 'bad_config');
  const at = sample.init.lastIndexOf('avc1');
  const encrypted = Buffer.from(sample.init);
  encrypted.write('encv', at, 'latin1');
  refused(await put(hash(encrypted), encrypted), 422, 'protected');
  refused(await put('nohash', sample.init), 404, 'unknown_config');
  refused(await put(hash(text), Buffer.alloc((256 << 10) + 1)), 413, 'too_large');
  assert.equal((await put(sample.config, sample.init)).status, 200, 'the same again is fine');
});

test('another object under a number that is taken is a conflict', async () => {
  const own = await create();
  await putConfig(own);
  await putFragment(own, 0);
  refused(await putObject(own, 0, fragment(1).bytes), 409, 'object_conflict');
  const list = await call('GET', `${own.ingest_url}/objects`, { token: own.ingest_token });
  assert.equal(list.body.objects[0].digest, contentDigest(fragment(0).bytes));
});

test('finishing: what is missing is named; then nothing more is taken', async () => {
  const own = await create();
  await putConfig(own);
  for (const seq of [0, 2]) await putFragment(own, seq);
  const missing = await finish(own, { objects: { main: 4 } });
  refused(missing, 409, 'objects_missing');
  assert.deepEqual(missing.body.error.missing, { main: [1, 3] });
  refused(await finish(own, { objects: { side: 1 } }), 404, 'unknown_lane');
  for (const seq of [1, 3]) await putFragment(own, seq);
  const first = await finish(own, { objects: { main: 4 } });
  assert.equal(first.status, 200);
  assert.deepEqual((await finish(own, { objects: { main: 4 } })).body, first.body, 'finishing twice is finishing once');
  refused(await putObject(own, 4, fragment(4).bytes), 409, 'recording_finished');
  const gone = await call('GET', own.playback.hls.replace('index.m3u8', 'main/4.m4s'));
  refused(gone, 404, 'unknown_object');
});

test('unknown and malformed addresses', async () => {
  const id = 'rec_0000000000000000000000';
  const cases: [string, string, number, string][] = [
    ['GET', '/v1/nothing', 404, 'not_found'],
    ['GET', `/v1/recordings/${id}`, 404, 'unknown_recording'],
    ['GET', '/v1/recordings/rec_short', 404, 'unknown_recording'],
    ['GET', `/v1/play/${id}/index.m3u8`, 404, 'unknown_recording'],
    ['GET', `/v1/play/${id}/media.m3u8`, 404, 'unknown_recording'],
    ['GET', `/v1/play/${id}/video.mp4`, 404, 'unknown_recording'],
    ['GET', `/v1/play/${id}/main/0.m4s`, 404, 'unknown_recording'],
    ['GET', `/v1/play/${id}/init-0123456789abcdef.mp4`, 404, 'unknown_recording'],
    ['GET', `/v1/play/${id}/other.mp4`, 404, 'not_found'],
    ['GET', '/v1/play/live_0000000000000000000000_1/index.m3u8', 404, 'unknown_recording'],
    ['GET', `/v1/play/live_${recording.id.slice(4)}_9/index.m3u8`, 404, 'unknown_broadcast'],
    ['POST', '/healthz', 405, 'method_not_allowed'],
    ['POST', `/v1/recordings/${id}`, 405, 'method_not_allowed'],
    ['DELETE', '/v1/recordings', 405, 'method_not_allowed'],
  ];
  for (const [method, path, status, code] of cases) refused(await call(method, `${edge}${path}`), status, code);
  const allowed = await fetch(`${edge}/v1/recordings`, { method: 'DELETE' });
  assert.equal(allowed.headers.get('allow'), 'GET, HEAD, POST');
  await allowed.body?.cancel();
});

test('nothing to play is told apart: not yet, and not at all', async () => {
  const own = await create();
  const early = await call('GET', own.playback.hls);
  refused(early, 503, 'not_started');
  assert.equal(early.headers.get('retry-after'), '1');
  await finish(own);
  refused(await call('GET', own.playback.hls), 404, 'nothing_recorded');
  refused(await call('GET', own.playback.mp4), 404, 'nothing_recorded');
  refused(await call('POST', `${own.ingest_url}/broadcasts`, { token: apiKey }), 404, 'nothing_recorded');
});
