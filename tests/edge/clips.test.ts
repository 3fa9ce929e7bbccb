// Clips: ranges of a recording with a name of their own.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readFrames } from '../media/frames.ts';
import { apiKey, call, create, edge, finish, playlist, putConfig, putEndless, recordSample, type Answer, type Recording } from './edge.ts';

const url = (recording: Recording, rest = ''): string => `${edge}/v1/recordings/${recording.id}/clips${rest}`;
const make = (recording: Recording, body: object): Promise<Answer> => call('POST', url(recording), { token: apiKey, body: JSON.stringify(body) });

test('a clip of a finished recording plays exactly, by each of its addresses', async () => {
  const recording = await recordSample();
  const { status, body } = await make(recording, { start: 5.48, end: 10.52, title: 'goal' });
  assert.equal(status, 201);
  assert.match(body.id, /^clip_[0-9A-Za-z]{22}_1$/);
  assert.deepEqual([body.recording, body.title, body.start, body.end, body.persistent, body.objects], [recording.id, 'goal', 5.48, 10.52, false, 4]);
  assert.deepEqual(body.playback, { hls: `${edge}/v1/play/${body.id}/index.m3u8`, mp4: `${edge}/v1/play/${body.id}/video.mp4`, m4a: `${edge}/v1/play/${body.id}/audio.m4a` });
  const numbers = Array.from({ length: 126 }, (_, index) => 137 + index);
  const { frames, messages } = await readFrames(body.playback.mp4);
  assert.deepEqual(messages, []);
  assert.deepEqual(frames.map((frame) => frame.number), numbers);
  const same = async (file: string, other: string): Promise<void> => {
    const [one, two] = await Promise.all([`${edge}/v1/play/${body.id}/${file}`, `${edge}/v1/play/${recording.id}/${other}`].map(async (each) => Buffer.from(await (await fetch(each)).arrayBuffer())));
    assert.ok(one?.equals(two ?? Buffer.alloc(0)), `${file} is ${other}`);
  };
  await same('video.mp4', 'video.mp4?start=5.48&end=10.52');
  await same('audio.m4a', 'audio.m4a?start=5.48&end=10.52');
  await same('media.m3u8', 'media.m3u8?start=5.48&end=10.52');
  await same('video.mp4?start=1&end=2', 'video.mp4?start=6.48&end=7.48');
  const lines = (await playlist(`${edge}/v1/play/${body.id}/media.m3u8`)).split('\n');
  for (const line of [...lines.filter((each) => each !== '' && !each.startsWith('#')), `init-${/init-(\w+)/.exec(lines.join())?.[1]}.mp4`]) {
    const segment = await fetch(`${edge}/v1/play/${body.id}/${line}`);
    assert.equal(segment.status, 200, line);
    assert.match(segment.headers.get('cache-control') ?? '', /immutable/);
    await segment.body?.cancel();
  }
});

test('a clip of a recording that grows ends when its end is there', async () => {
  const recording = await create();
  const early = await make(recording, { start: 1 });
  assert.deepEqual([early.status, early.body.error.code], [503, 'not_started']);
  await putConfig(recording);
  const began = Date.UTC(2026, 5, 1);
  for (let seq = 0; seq < 2; seq += 1) await putEndless(recording, seq, began);
  const { body } = await make(recording, { start: new Date(began + 1000).toISOString(), end: 7 });
  assert.deepEqual([body.start, body.end], [1, 7]);
  const media = body.playback.hls.replace('index', 'media');
  assert.doesNotMatch(await playlist(media), /ENDLIST/);
  for (let seq = 2; seq < 4; seq += 1) await putEndless(recording, seq, began);
  const there = await playlist(media);
  assert.match(there, /\?to=7000000\n#EXT-X-ENDLIST\n$/);
  await putEndless(recording, 4, began);
  await finish(recording);
  assert.equal(await playlist(media), there);
});

test('many are made, listed a page at a time, and taken away', async () => {
  const recording = await recordSample();
  const titles = Array.from({ length: 60 }, (_, index) => `clip ${index}`);
  for (let from = 0; from < titles.length; from += 20) {
    const answers = await Promise.all(titles.slice(from, from + 20).map((title) => make(recording, { start: 1, end: 2, title })));
    assert.ok(answers.every(({ status }) => status === 201));
  }
  const found: string[] = [];
  let cursor = '';
  do {
    const { body } = await call('GET', url(recording, `?limit=25${cursor && `&cursor=${cursor}`}`), { token: apiKey });
    found.push(...body.clips.map((clip: { id: string }) => clip.id));
    cursor = body.cursor ?? '';
  } while (cursor);
  assert.deepEqual(found, titles.map((_, index) => `clip_${recording.id.slice(4)}_${60 - index}`));
  const [id] = found;
  assert.equal((await call('GET', url(recording, `/${id}`))).body.id, id);
  assert.equal((await call('DELETE', url(recording, `/${id}`), { token: apiKey })).status, 204);
  for (const address of [url(recording, `/${id}`), `${edge}/v1/play/${id}/index.m3u8`]) {
    const gone = await call('GET', address);
    assert.deepEqual([gone.status, gone.body.error.code], [404, 'unknown_clip']);
  }
  const next = await make(recording, {});
  assert.match(next.body.id, /_61$/, 'a number is never used again');
  assert.equal((await call('DELETE', `${edge}/v1/recordings/${recording.id}`, { token: apiKey })).status, 204);
  assert.equal((await call('GET', `${edge}/v1/play/${found[3]}/index.m3u8`)).status, 404);
});

test('what makes no clip is refused', async () => {
  const recording = await recordSample();
  for (const [body, status, code] of [
    [{ start: -1 }, 400, 'bad_request'], [{ start: 'noon' }, 400, 'bad_request'], [{ colour: 'red' }, 400, 'bad_request'],
    [{ start: 5, end: 5 }, 404, 'nothing_recorded'], [{ start: '2026-01-01T00:00:00Z' }, 404, 'no_such_view'],
  ] as const) {
    const answer = await make(recording, body);
    assert.deepEqual([answer.status, answer.body.error.code], [status, code], JSON.stringify(body));
  }
  for (const [method, rest] of [['POST', ''], ['GET', ''], ['DELETE', `/clip_${recording.id.slice(4)}_1`]] as const) {
    for (const token of [undefined, 'wrong', recording.ingest_token]) {
      const answer = await call(method, url(recording, rest), token === undefined ? {} : { token });
      assert.equal(answer.status, 401, `${method} ${rest}`);
    }
  }
  assert.equal((await call('GET', url(recording, '/clip_0000000000000000000000_1'))).body.error.code, 'unknown_clip');
  assert.equal((await call('GET', url(recording, '?limit=0'), { token: apiKey })).body.error.code, 'bad_request');
});
