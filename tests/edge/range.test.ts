// Ranges of the MP4, by byte equality with the whole.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { recordSample } from './edge.ts';

let url = '';
let whole = Buffer.alloc(0);
let etag = '';

before(async () => {
  url = (await recordSample()).playback.mp4;
  const answer = await fetch(url);
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get('accept-ranges'), 'bytes');
  assert.equal(answer.headers.get('content-type'), 'video/mp4');
  whole = Buffer.from(await answer.arrayBuffer());
  assert.equal(answer.headers.get('content-length'), String(whole.length));
  etag = answer.headers.get('etag') ?? '';
});

async function get(headers: Record<string, string>): Promise<{ status: number; headers: Headers; body: Buffer }> {
  const answer = await fetch(url, { headers });
  return { status: answer.status, headers: answer.headers, body: Buffer.from(await answer.arrayBuffer()) };
}

async function part(range: string, first: number, end: number, headers: Record<string, string> = {}): Promise<void> {
  const answer = await get({ Range: range, ...headers });
  assert.equal(answer.status, 206, range);
  assert.equal(answer.headers.get('content-range'), `bytes ${first}-${end - 1}/${whole.length}`, range);
  assert.equal(answer.headers.get('content-length'), String(end - first), range);
  assert.ok(answer.body.equals(whole.subarray(first, end)), range);
}

async function all(headers: Record<string, string>): Promise<void> {
  const answer = await get(headers);
  assert.equal(answer.status, 200, JSON.stringify(headers));
  assert.equal(answer.headers.get('content-range'), null);
  assert.ok(answer.body.equals(whole));
}

test('one range, open range, suffix', async () => {
  const end = whole.length;
  await part('bytes=0-0', 0, 1);
  await part('bytes=0-1023', 0, 1024);
  await part(`bytes=${end - 1}-`, end - 1, end);
  await part(`bytes=${end - 10}-${end + 10}`, end - 10, end);
  await part('bytes=0-', 0, end);
  await part('bytes=-500', end - 500, end);
  await part(`bytes=-${end + 1}`, 0, end);
});

test('ranges at and around every border between made and stored bytes', async () => {
  // Borders: end of moov, and of each object's media. Probed by a fixed series of odd sizes.
  const moov = whole.indexOf('mdat') + 4;
  await part(`bytes=${moov - 3}-${moov + 3}`, moov - 3, moov + 4);
  for (let first = 1, size = 1; first < whole.length; first += 77_777, size = (size * 7) % 300_007) {
    await part(`bytes=${first}-${first + size}`, first, Math.min(first + size + 1, whole.length));
  }
});

test('what lies beyond is 416 with the length', async () => {
  for (const range of [`bytes=${whole.length}-`, `bytes=${whole.length}-${whole.length + 9}`, 'bytes=-0', 'bytes=99999999999999999999-']) {
    const answer = await get({ Range: range });
    assert.equal(answer.status, 416, range);
    assert.equal(answer.headers.get('content-range'), `bytes */${whole.length}`);
    assert.equal(JSON.parse(answer.body.toString()).error.code, 'range_not_satisfiable');
  }
});

test('what is no single byte range gets the whole', async () => {
  for (const range of ['bytes=0-1,5-6', 'bytes=5-4', 'bytes=-', 'bytes=x-y', 'items=0-1', 'nonsense']) await all({ Range: range });
});

test('If-Range: the same tag gets the range, another or a date the whole', async () => {
  await part('bytes=100-199', 100, 200, { 'If-Range': etag });
  await all({ Range: 'bytes=100-199', 'If-Range': '"00000000000000000000000000000000"' });
  await all({ Range: 'bytes=100-199', 'If-Range': `W/${etag}` });
  await all({ Range: 'bytes=100-199', 'If-Range': 'Sun, 22 Nov 2026 22:00:00 GMT' });
});

test('HEAD tells of the whole and sends nothing', async () => {
  for (const headers of [{}, { Range: 'bytes=0-9' }] as Record<string, string>[]) {
    const answer = await fetch(url, { method: 'HEAD', headers });
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get('content-length'), String(whole.length));
    assert.equal(answer.headers.get('etag'), etag);
    assert.equal((await answer.arrayBuffer()).byteLength, 0);
  }
});

test('moov comes first', () => {
  assert.equal(whole.toString('latin1', 4, 8), 'ftyp');
  const second = whole.readUInt32BE(0);
  assert.equal(whole.toString('latin1', second + 4, second + 8), 'moov');
});
