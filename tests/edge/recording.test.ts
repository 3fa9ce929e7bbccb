// A recording from its first object to its last: what players and tools read from it.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { samplePath } from '../media/sample.ts';
import { complaints, runTool } from '../media/tool.ts';
import { apiKey, call, contentDigest, create, edge, finish, fragment, playlist, putConfig, putFragment, putObject, recordSample, sample, sha256 } from './edge.ts';

/** SHA-256 of every packet of one kind, in decode order, as ffprobe reads them. */
async function packetHashes(input: string, kind: 'v' | 'a'): Promise<string[]> {
  const { stdout, stderr } = await runTool('ffprobe', [
    '-v', 'warning', '-select_streams', `${kind}:0`, '-show_packets', '-show_data_hash', 'sha256', '-show_entries', 'packet=data_hash', '-of', 'csv=p=0', input,
  ]);
  assert.equal(stderr, '', `ffprobe on ${input}`);
  return stdout.toString().trim().split('\n').map((line) => line.replace(/,$/, ''));
}

async function decodesSilently(input: string): Promise<void> {
  const { stderr } = await runTool('ffmpeg', ['-v', 'level+warning', '-i', input, '-map', '0', '-f', 'null', '-']);
  assert.deepEqual(complaints(stderr), [], `ffmpeg on ${input}`);
}

const durations = (text: string): number[] => [...text.matchAll(/#EXTINF:([\d.]+),/g)].map((match) => Number(match[1]));
const mediaUrl = (hls: string): string => hls.replace('index.m3u8', 'media.m3u8');

test('every packet that was put is read back, by HLS and as MP4, and tools have nothing to say', async () => {
  const recording = await recordSample();
  const source = { v: await packetHashes(samplePath, 'v'), a: await packetHashes(samplePath, 'a') };
  assert.equal(source.v.length, 400);
  assert.equal(source.a.length, 750);
  for (const input of [recording.playback.hls, recording.playback.mp4]) {
    await decodesSilently(input);
    assert.deepEqual(await packetHashes(input, 'v'), source.v, input);
    assert.deepEqual(await packetHashes(input, 'a'), source.a, input);
  }
});

test('one URL is an event while it grows and ends when it is finished', async () => {
  const recording = await create({ title: 'growing' });
  await putConfig(recording);
  let before = '';
  for (let seq = 0; seq < 8; seq += 1) {
    await putFragment(recording, seq);
    const text = await playlist(mediaUrl(recording.playback.hls));
    assert.ok(text.startsWith(before), 'lines are only added');
    assert.match(text, /#EXT-X-PLAYLIST-TYPE:EVENT\n/);
    assert.doesNotMatch(text, /ENDLIST/);
    assert.equal(durations(text).length, seq + 1);
    const main = await playlist(recording.playback.hls);
    assert.match(main, /CODECS="avc1\.64001e,mp4a\.40\.2",RESOLUTION=640x360,FRAME-RATE=25\.000/);
    before = text;
  }
  const done = await finish(recording, { objects: { main: 8 } });
  assert.equal(done.body.state, 'finished');
  assert.equal(await playlist(mediaUrl(recording.playback.hls)), `${before}#EXT-X-ENDLIST\n`);
  assert.equal(durations(before).reduce((sum, each) => sum + each, 0), 16);
});

test('what the API tells of a recording', async () => {
  const recording = await recordSample({ title: 'Tokio 東京' });
  const { status, body } = await call('GET', recording.ingest_url);
  assert.equal(status, 200);
  assert.equal(body.id, recording.id);
  assert.equal(body.state, 'finished');
  assert.equal(body.title, 'Tokio 東京');
  assert.equal(body.duration, 16);
  assert.equal(body.objects, 8);
  assert.equal(body.bytes, sample.fragments.reduce((sum, each) => sum + each.bytes.length, 0));
  assert.deepEqual(body.tracks, [
    { kind: 'video', codec: 'avc1.64001e', samples: 400, width: 640, height: 360 },
    { kind: 'audio', codec: 'mp4a.40.2', samples: 750, sample_rate: 48000, channels: 2 },
  ]);
  assert.deepEqual(body.playback, recording.playback);
  const list = await call('GET', `${recording.ingest_url}/objects`, { token: recording.ingest_token });
  assert.deepEqual(list.body.objects[3], { lane: 'main', seq: 3, size: fragment(3).bytes.length, digest: contentDigest(fragment(3).bytes) });
});

test('segments are the bytes that were put, and may be kept for ever', async () => {
  const recording = await recordSample();
  const base = recording.playback.hls.replace('index.m3u8', '');
  const init = await fetch(`${base}init-${sample.config}.mp4`);
  assert.deepEqual(Buffer.from(await init.arrayBuffer()), sample.init);
  const segment = await fetch(`${base}main/5.m4s`);
  assert.equal(segment.headers.get('content-length'), String(fragment(5).bytes.length));
  assert.match(segment.headers.get('cache-control') ?? '', /immutable/);
  assert.deepEqual(sha256(new Uint8Array(await segment.arrayBuffer())), sha256(fragment(5).bytes));
  const playlistAnswer = await fetch(recording.playback.hls);
  assert.equal(playlistAnswer.headers.get('cache-control'), 'no-cache');
  assert.equal(playlistAnswer.headers.get('content-type'), 'application/vnd.apple.mpegurl');
  await playlistAnswer.body?.cancel();
});

test('objects may come in any order, side by side, and twice', async () => {
  const inOrder = await recordSample();
  const recording = await create();
  await putConfig(recording);
  const order = [7, 2, 0, 5, 1, 6, 3, 4];
  const answers = await Promise.all(order.map((seq) => putObject(recording, seq, fragment(seq).bytes)));
  assert.deepEqual(answers.map((answer) => answer.status), order.map(() => 201));
  const again = await Promise.all([4, 0].map((seq) => putObject(recording, seq, fragment(seq).bytes)));
  assert.deepEqual(again.map((answer) => answer.status), [200, 200]);
  assert.equal((await finish(recording, { objects: { main: 8 } })).status, 200);
  assert.equal(await playlist(mediaUrl(recording.playback.hls)), await playlist(mediaUrl(inOrder.playback.hls)));
  const [one, other] = await Promise.all([inOrder, recording].map(async (each) => new Uint8Array(await (await fetch(each.playback.mp4)).arrayBuffer())));
  assert.deepEqual(sha256(one as Uint8Array), sha256(other as Uint8Array));
  const late = await putObject(recording, 4, fragment(4).bytes);
  assert.equal(late.status, 200, 'the same object again is fine even when it is finished');
});

test('one object put many times at once is stored once', async () => {
  const recording = await create();
  await putConfig(recording);
  const answers = await Promise.all(Array.from({ length: 6 }, () => putObject(recording, 0, fragment(0).bytes)));
  const statuses = answers.map((answer) => answer.status).sort();
  assert.deepEqual(statuses, [200, 200, 200, 200, 200, 201]);
});

test('a finished MP4 has one strong tag; a growing one a new one each time', async () => {
  const recording = await create();
  await putConfig(recording);
  const tags = new Set<string>();
  const tag = async (): Promise<string> => (await fetch(recording.playback.mp4, { method: 'HEAD' })).headers.get('etag') ?? '';
  for (let seq = 0; seq < 3; seq += 1) {
    await putFragment(recording, seq);
    tags.add(await tag());
    assert.equal(await tag(), await tag());
  }
  assert.equal(tags.size, 3);
  const last = await tag();
  await finish(recording);
  assert.equal(await tag(), last);
  const cached = await fetch(recording.playback.mp4, { headers: { 'If-None-Match': last } });
  assert.equal(cached.status, 304);
  for (const each of tags) assert.match(each, /^"[0-9a-f]{32}"$/);
});

test('a download has a name', async () => {
  const recording = await recordSample();
  const answer = await fetch(`${recording.playback.mp4}?download=${encodeURIComponent('my goal')}`, { method: 'HEAD' });
  assert.equal(answer.headers.get('content-disposition'), `attachment; filename="my goal.mp4"; filename*=UTF-8''my%20goal.mp4`);
});

test('dates, where the recorder told them', async () => {
  const recording = await create();
  await putConfig(recording);
  const wallClock = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
  const answer = await putObject(recording, 0, fragment(0).bytes, { 'Livetape-Wall-Clock': String(wallClock), 'Livetape-Base-Time': '0', 'Livetape-Duration': '2', 'Livetape-Independent': '?1' });
  assert.equal(answer.status, 201);
  assert.match(await playlist(mediaUrl(recording.playback.hls)), /#EXT-X-PROGRAM-DATE-TIME:2026-01-02T03:04:05\.678Z\n/);
});

test('a hole is a gap once the recording is finished, and players read on', async () => {
  const recording = await create();
  await putConfig(recording);
  for (const seq of [0, 1, 3, 4]) await putFragment(recording, seq);
  const waiting = await playlist(mediaUrl(recording.playback.hls));
  assert.equal(durations(waiting).length, 2, 'the third may still come');
  await finish(recording);
  const text = await playlist(mediaUrl(recording.playback.hls));
  assert.match(text, /#EXT-X-GAP\n#EXTINF:2\.000000,\nmain\/2\.m4s\n/);
  assert.equal(durations(text).length, 5);
  const folder = await mkdtemp(join(tmpdir(), 'livetape-'));
  try {
    const file = join(folder, 'holed.mp4');
    await writeFile(file, new Uint8Array(await (await fetch(recording.playback.mp4)).arrayBuffer()));
    const { stdout } = await runTool('ffprobe', ['-v', 'error', '-count_packets', '-show_entries', 'stream=nb_read_packets', '-of', 'csv=p=0', file]);
    assert.match(stdout.toString(), /^200\n/);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('any page may read, and ask what it may send', async () => {
  const recording = await create();
  const answers = [
    await fetch(`${edge}/healthz`),
    await fetch(`${edge}/v1/nothing`),
    await fetch(`${recording.ingest_url}/objects`),
    await fetch(recording.ingest_url, { method: 'DELETE' }),
  ];
  for (const answer of answers) {
    assert.equal(answer.headers.get('access-control-allow-origin'), '*', answer.url);
    assert.match(answer.headers.get('access-control-expose-headers') ?? '', /Content-Range.*ETag/);
    await answer.body?.cancel();
  }
  const preflight = await fetch(`${recording.ingest_url}/objects/main/0`, {
    method: 'OPTIONS',
    headers: { Origin: 'https://example.com', 'Access-Control-Request-Method': 'PUT', 'Access-Control-Request-Headers': 'authorization,content-digest,livetape-config' },
  });
  assert.equal(preflight.status, 204);
  assert.match(preflight.headers.get('access-control-allow-methods') ?? '', /\bPUT\b/);
  for (const name of ['Authorization', 'Content-Digest', 'Livetape-Config', 'Livetape-Wall-Clock', 'Range']) {
    assert.match(preflight.headers.get('access-control-allow-headers') ?? '', new RegExp(`\\b${name}\\b`));
  }
});

test('a holder of the API key may choose the id, once', async () => {
  const id = `rec_${sha256(Buffer.from(String(Date.now()))).toString('hex').slice(0, 22)}`;
  assert.equal((await create({ id })).id, id);
  const again = await call('POST', `${edge}/v1/recordings`, { token: apiKey, body: JSON.stringify({ id }) });
  assert.deepEqual([again.status, again.body.error.code], [409, 'recording_exists']);
});
