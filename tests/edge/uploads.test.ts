// Resumable uploads, tus 1.0.0: every rule by requests of its own, and the client that pages use.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { request, type ClientRequest } from 'node:http';
import { before, test } from 'node:test';
import { Upload } from 'tus-js-client';
import { apiKey, call, edge, sha256 } from './edge.ts';

type Fields = Record<string, string>;
interface Told { readonly status: number; readonly headers: Headers; readonly code: string | undefined; readonly at: number }

const version = { 'Tus-Resumable': '1.0.0' };
const mebibyte = 1 << 20;
/** Most bytes of a request that is cut. */
const most = 2 * mebibyte;

/** Sends a request as tus has them, and takes its answer apart. */
async function tus(method: string, url: string, fields: Fields = {}, body?: Uint8Array): Promise<Told> {
  const response = await fetch(url, { method, headers: { ...version, ...fields }, ...(body ? { body: Buffer.from(body) } : {}) });
  const text = await response.text();
  const code = text === '' ? undefined : (JSON.parse(text) as { error?: { code: string } }).error?.code;
  return { status: response.status, headers: response.headers, code, at: Number(response.headers.get('upload-offset') ?? NaN) };
}

const uploads = `${edge}/v1/uploads`;
const key = { Authorization: `Bearer ${apiKey}` };
const stream = { 'Content-Type': 'application/offset+octet-stream' };

async function create(fields: Fields, body?: Uint8Array): Promise<string> {
  const made = await tus('POST', uploads, { ...key, ...fields, ...(body ? stream : {}) }, body);
  assert.equal(made.status, 201, made.code);
  return made.headers.get('location') ?? '';
}
const patch = (url: string, offset: number, body: Uint8Array, fields: Fields = {}): Promise<Told> => tus('PATCH', url, { ...stream, 'Upload-Offset': String(offset), ...fields }, body);
const head = (url: string): Promise<Told> => tus('HEAD', url);
const refused = (told: Told, status: number, code: string): void => assert.deepEqual([told.status, told.code], [status, code]);

/** The bytes that an upload has, by their digest. */
async function digest(url: string): Promise<string> {
  const hash = createHash('sha256');
  const response = await fetch(url);
  assert.equal(response.status, 200);
  for await (const chunk of response.body ?? []) hash.update(chunk as Uint8Array);
  return hash.digest('hex');
}
const digestOf = (bytes: Uint8Array): string => sha256(bytes).toString('hex');

/** Begins a PATCH that says it brings more than it does. */
function stall(url: string, offset: number, bytes: Uint8Array, announced: number): Promise<ClientRequest> {
  return new Promise((resolve) => {
    const sent = request(url, { method: 'PATCH', headers: { ...version, ...stream, 'Upload-Offset': String(offset), 'Content-Length': announced } });
    sent.on('error', () => undefined);
    sent.write(bytes, () => resolve(sent));
  });
}

let media: Buffer;

before(() => {
  media = randomBytes(21 * mebibyte + 12_345);
});

test('what the edge can do is told before anything is sent', async () => {
  const response = await fetch(uploads, { method: 'OPTIONS' });
  assert.equal(response.status, 204);
  const told = ['tus-resumable', 'tus-version', 'tus-checksum-algorithm', 'tus-max-size'].map((name) => response.headers.get(name));
  assert.deepEqual(told, ['1.0.0', '1.0.0', 'sha1,sha256', String(2 ** 36)]);
  assert.deepEqual(response.headers.get('tus-extension')?.split(',').toSorted(), ['checksum', 'concatenation', 'creation', 'creation-defer-length', 'creation-with-upload', 'expiration', 'termination']);
  assert.match(response.headers.get('access-control-allow-headers') ?? '', /Upload-Offset/);
});

test('any sizes, in a row, with the last one answered again afterwards', async () => {
  const url = await create({ 'Upload-Length': String(media.length), 'Upload-Metadata': 'filename RGVyYnkubXA0' });
  const sizes = [1, 1, 4_095, 5 * mebibyte, 3, 8 * mebibyte + 1, mebibyte, 65_537];
  let at = 0;
  while (at < media.length) {
    const size = sizes.shift() ?? media.length - at;
    const told = await patch(url, at, media.subarray(at, at + size));
    assert.equal(told.status, 204, told.code);
    at += size;
    assert.equal(told.at, Math.min(at, media.length));
    assert.equal(told.headers.has('upload-expires'), at < media.length);
  }
  const told = await head(url);
  assert.deepEqual([told.status, told.at, told.headers.get('upload-length')], [200, media.length, String(media.length)]);
  assert.deepEqual([told.headers.get('upload-metadata'), told.headers.get('cache-control')], ['filename RGVyYnkubXA0', 'no-store']);
  assert.equal(await digest(url), digestOf(media));
});

test('a byte at a time', async () => {
  const bytes = media.subarray(0, 40);
  const url = await create({ 'Upload-Length': String(bytes.length) });
  for (const [at, byte] of bytes.entries()) assert.equal((await patch(url, at, Uint8Array.of(byte))).at, at + 1);
  assert.equal(await digest(url), digestOf(bytes));
});

test('the first bytes come with the creation; an upload of none is complete at once', async () => {
  const url = await create({ 'Upload-Length': '1000' }, media.subarray(0, 600));
  assert.equal((await head(url)).at, 600);
  await patch(url, 600, media.subarray(600, 1_000));
  assert.equal(await digest(url), digestOf(media.subarray(0, 1_000)));
  const empty = await create({ 'Upload-Length': '0' });
  assert.deepEqual([(await head(empty)).at, await digest(empty)], [0, digestOf(new Uint8Array())]);
});

test('a length may be told later, once', async () => {
  const url = await create({ 'Upload-Defer-Length': '1' });
  await patch(url, 0, media.subarray(0, 10));
  const open = await head(url);
  assert.deepEqual([open.headers.get('upload-defer-length'), open.headers.has('upload-length')], ['1', false]);
  refused(await tus('GET', url), 409, 'upload_incomplete');
  refused(await patch(url, 10, new Uint8Array(), { 'Upload-Length': '9' }), 400, 'bad_header');
  assert.equal((await patch(url, 10, media.subarray(10, 20), { 'Upload-Length': '30' })).at, 20);
  refused(await patch(url, 20, media.subarray(20, 30), { 'Upload-Length': '31' }), 400, 'bad_header');
  await patch(url, 20, media.subarray(20, 30));
  assert.equal(await digest(url), digestOf(media.subarray(0, 30)));
});

test('what breaks a rule changes nothing', async () => {
  const url = await create({ 'Upload-Length': '100' });
  await patch(url, 0, media.subarray(0, 50));
  const bytes = media.subarray(50, 60);
  refused(await patch(url, 49, bytes), 409, 'offset_mismatch');
  refused(await patch(url, 51, bytes), 409, 'offset_mismatch');
  refused(await patch(url, 50, media.subarray(0, 51)), 413, 'too_large');
  refused(await patch(url, 50, bytes, { 'Content-Type': 'text/plain' }), 415, 'media_type');
  refused(await patch(url, 50, bytes, { 'Upload-Offset': '-50' }), 400, 'bad_header');
  const old = await patch(url, 50, bytes, { 'Tus-Resumable': '0.2.2' });
  refused(old, 412, 'tus_version');
  assert.equal(old.headers.get('tus-version'), '1.0.0');
  refused(await patch(`${uploads}/upl_0000000000000000000000`, 0, bytes), 404, 'unknown_upload');
  assert.equal((await head(`${uploads}/upl_nonsense`)).status, 404);
  const told = await head(url);
  assert.deepEqual([told.status, told.at], [200, 50]);
  // As networks that let nothing through but POST have it.
  assert.equal((await tus('POST', url, { ...stream, 'Upload-Offset': '50', 'X-HTTP-Method-Override': 'PATCH' }, bytes)).at, 60);
});

test('who may create one', async () => {
  const length = { 'Upload-Length': '1' };
  refused(await tus('POST', uploads, length), 401, 'token_missing');
  refused(await tus('POST', uploads, { ...length, Authorization: 'Bearer nonsense' }), 401, 'key_invalid');
  refused(await tus('POST', uploads, key), 400, 'bad_header');
  refused(await tus('POST', uploads, { ...key, ...length, 'Upload-Metadata': 'a !' }), 400, 'bad_header');
  refused(await tus('POST', uploads, { ...key, 'Upload-Length': String(2 ** 36 + 1) }), 413, 'too_large');
  const made = await call('POST', `${edge}/v1/templates`, { token: apiKey, body: JSON.stringify({ bytes: 1_000, origins: ['https://school.example'] }) });
  const metadata = { 'Upload-Metadata': `template ${Buffer.from(made.body.id).toString('base64')}` };
  const visit = (len: number, Origin: string): Promise<Told> => tus('POST', uploads, { ...metadata, 'Upload-Length': String(len), Origin });
  assert.equal((await visit(1_000, 'https://school.example')).status, 201);
  refused(await visit(1_001, 'https://school.example'), 413, 'too_large');
  refused(await visit(1_000, 'https://elsewhere.example'), 403, 'origin_not_allowed');
});

test('a request that stalls is ended by the next one, and what it brought stays', { timeout: 60_000 }, async () => {
  const url = await create({ 'Upload-Length': String(media.length) });
  let at = 0;
  // Asking ends it, whether or not its bytes have come by then: until some have.
  for (let kept = 0; kept < 3; ) {
    const size = 1 + Math.floor(Math.random() * most);
    const stalled = await stall(url, at, media.subarray(at, at + size), media.length - at);
    const told = await head(url);
    assert.ok(told.at >= at && told.at <= at + most, `${told.at} after ${at}`);
    if (told.at > at) kept += 1;
    at = told.at;
    if (kept % 2 === 0) stalled.destroy();
  }
  const done = await patch(url, at, media.subarray(at));
  assert.deepEqual([done.status, done.at], [204, media.length]);
  assert.equal(await digest(url), digestOf(media));
});

test('a connection that is cut leaves every byte that came', { timeout: 60_000 }, async () => {
  const url = await create({ 'Upload-Length': String(media.length) });
  let at = 0;
  for (let kept = 0; kept < 3; ) {
    const size = 1 + Math.floor(Math.random() * most);
    const cut = await stall(url, at, media.subarray(at, at + size), media.length - at);
    cut.destroy();
    const told = await head(url);
    // Its bytes may come later than the question, and then they are there at the next one.
    assert.ok(told.at >= at && told.at <= at + most, `${told.at} after ${at}`);
    if (told.at > at) kept += 1;
    at = told.at;
  }
  await patch(url, at, media.subarray(at));
  assert.equal(await digest(url), digestOf(media));
});

test('checksums: all of it counts or nothing', async () => {
  const bytes = media.subarray(0, 2 * mebibyte);
  const url = await create({ 'Upload-Length': String(bytes.length) });
  const sum = (algorithm: string, of: Uint8Array): Fields => ({ 'Upload-Checksum': `${algorithm} ${createHash(algorithm).update(of).digest('base64')}` });
  const first = bytes.subarray(0, mebibyte + 5);
  refused(await patch(url, 0, first, sum('sha1', bytes)), 460, 'checksum_mismatch');
  assert.equal((await head(url)).at, 0);
  refused(await patch(url, 0, first, { 'Upload-Checksum': 'md5 AAAA' }), 400, 'bad_header');
  assert.equal((await patch(url, 0, first, sum('sha1', first))).at, first.length);
  const rest = bytes.subarray(first.length);
  // Cut off: it cannot be known whether what came is right.
  const cut = request(url, { method: 'PATCH', headers: { ...version, ...stream, ...sum('sha256', rest), 'Upload-Offset': String(first.length), 'Content-Length': rest.length } });
  cut.on('error', () => undefined);
  await new Promise<void>((resolve) => cut.write(rest.subarray(0, 100_000), () => resolve()));
  cut.destroy();
  assert.equal((await head(url)).at, first.length);
  assert.equal((await patch(url, first.length, rest, sum('sha256', rest))).at, bytes.length);
  assert.equal(await digest(url), digestOf(bytes));
});

test('parts that were sent side by side are joined', async () => {
  const cuts = [0, 9 * mebibyte, 9 * mebibyte + 1, media.length];
  const pieces = cuts.slice(1).map((end, at) => media.subarray(cuts[at], end));
  const parts = await Promise.all(pieces.map((piece) => create({ 'Upload-Concat': 'partial', 'Upload-Length': String(piece.length) }, piece)));
  const open = await create({ 'Upload-Concat': 'partial', 'Upload-Length': '5' });
  const paths = parts.map((url) => new URL(url).pathname);
  refused(await tus('POST', uploads, { ...key, 'Upload-Concat': `final;${paths.join(' ')} ${open}` }), 409, 'upload_not_joinable');
  refused(await tus('POST', uploads, { ...key, 'Upload-Concat': 'final;/nowhere' }), 400, 'bad_header');
  refused(await tus('POST', uploads, { ...key, 'Upload-Concat': `final;${paths.join(' ')}`, 'Upload-Length': '1' }), 400, 'bad_header');
  const concat = `final;${paths.join(' ')}`;
  const url = await create({ 'Upload-Concat': concat });
  const told = await head(url);
  assert.deepEqual([told.at, told.headers.get('upload-length'), told.headers.get('upload-concat')], [media.length, String(media.length), concat]);
  assert.equal((await head(parts[0] ?? '')).headers.get('upload-concat'), 'partial');
  refused(await patch(url, media.length, new Uint8Array()), 403, 'upload_final');
  assert.equal(await digest(url), digestOf(media));
  refused(await tus('POST', uploads, { ...key, 'Upload-Concat': concat }), 409, 'upload_not_joinable');
  // A part may go: its bytes are the whole's.
  assert.equal((await tus('DELETE', parts[0] ?? '')).status, 204);
  assert.equal(await digest(url), digestOf(media));
});

test('what is terminated is gone', async () => {
  const url = await create({ 'Upload-Length': String(media.length) }, media.subarray(0, 9 * mebibyte));
  assert.equal((await tus('DELETE', url)).status, 204);
  assert.equal((await head(url)).status, 404);
  refused(await patch(url, 0, media.subarray(0, 1)), 404, 'unknown_upload');
  refused(await tus('DELETE', url), 404, 'unknown_upload');
});

/** Uploads by tus-js-client. */
function byClient(bytes: Buffer, options: { chunkSize?: number; parallelUploads?: number }): Promise<string> {
  return new Promise((resolve, reject) => {
    const upload = new Upload(bytes, {
      endpoint: uploads,
      headers: key,
      metadata: { filename: 'Derby.mp4' },
      retryDelays: [0, 10, 10],
      onError: reject,
      onSuccess: () => resolve(upload.url ?? ''),
      ...options,
    });
    upload.start();
  });
}

test('tus-js-client: at once, in chunks, and four at a time', async () => {
  const bytes = media.subarray(0, 9 * mebibyte + 7);
  for (const options of [{}, { chunkSize: 4 * mebibyte + 3 }, { parallelUploads: 4 }]) {
    assert.equal(await digest(await byClient(bytes, options)), digestOf(bytes), JSON.stringify(options));
  }
});

