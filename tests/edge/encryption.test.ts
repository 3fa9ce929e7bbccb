// HLS AES-128: what is sent is encrypted, players play it, and the key is for those who may play.
import assert from 'node:assert/strict';
import { createDecipheriv } from 'node:crypto';
import { after, before, test } from 'node:test';
import { readFrames } from '../media/frames.ts';
import { pageFrameReader } from '../media/page_frames.ts';
import { apiKey, call, create, edge, endless, fragment, playlist, putConfig, putEndless, recordSample, sample, type Recording } from './edge.ts';
import { launchPlayers, played, type Players, type Reading } from './player_pages.ts';

let players: Players;
let recording: Recording;

before(async () => {
  [players, recording] = await Promise.all([launchPlayers(), recordSample({ encryption: 'aes-128' })]);
});
after(() => players.close());

const play = (by: string, file: string): string => `${edge}/v1/play/${by}/${file}`;
const bytesOf = async (url: string): Promise<Buffer> => {
  const answer = await fetch(url);
  const bytes = Buffer.from(await answer.arrayBuffer());
  assert.equal(answer.status, 200, `${url}: ${bytes}`);
  assert.equal(answer.headers.get('content-length'), String(bytes.length));
  return bytes;
};
const decrypt = (bytes: Buffer, key: Buffer, number: number): Buffer => {
  const vector = Buffer.alloc(16);
  vector.writeUInt32BE(number, 12);
  const cipher = createDecipheriv('aes-128-cbc', key, vector);
  return Buffer.concat([cipher.update(bytes), cipher.final()]);
};
/** Status and code of a file, by an id or a token. */
const asked = async (by: string, file: string): Promise<string> => {
  const answer = await fetch(play(by, file));
  const bytes = Buffer.from(await answer.arrayBuffer());
  return answer.status < 400 ? String(answer.status) : `${answer.status} ${JSON.parse(bytes.toString()).error.code}`;
};
const numbers = (first: number, end: number): number[] => Array.from({ length: end - first }, (_, index) => first + index);

test('segments are encrypted as they are sent, and come back with the key and their numbers', async () => {
  const key = await bytesOf(play(recording.id, 'aes/key'));
  assert.equal(key.length, 16);
  const text = await playlist(play(recording.id, 'media.m3u8'));
  assert.deepEqual(text.match(/#EXT-X-KEY.*/g), ['#EXT-X-KEY:METHOD=AES-128,URI="aes/key"']);
  assert.ok(text.indexOf('#EXT-X-MAP') < text.indexOf('#EXT-X-KEY'), 'the init segment is clear');
  for (const seq of sample.fragments.keys()) {
    const clear = fragment(seq).bytes;
    const sent = await bytesOf(play(recording.id, `aes/main/${seq}.m4s`));
    assert.equal(sent.length, (Math.floor(clear.length / 16) + 1) * 16);
    assert.ok(!sent.subarray(0, 4096).equals(clear.subarray(0, 4096)));
    assert.ok(decrypt(sent, key, seq).equals(clear), `object ${seq}`);
  }
  const other = await recordSample({ encryption: 'aes-128' });
  assert.ok(!(await bytesOf(play(other.id, 'aes/key'))).equals(key), 'each has its own');
  const head = await fetch(play(recording.id, 'aes/main/0.m4s'), { method: 'HEAD' });
  assert.equal(head.headers.get('content-length'), String((Math.floor(fragment(0).bytes.length / 16) + 1) * 16));
});

test('none of it is to be had in the clear; files are for those whose tokens say so', async () => {
  for (const file of ['main/0.m4s', 'main/0.m4s?from=1000000', 'iframes/0.m4s', 'video.mp4', 'audio.m4a']) assert.equal(await asked(recording.id, file), '404 no_such_view', file);
  for (const file of ['aes/video.mp4', 'aes/index.m3u8', `aes/init-${sample.config}.mp4`]) assert.equal(await asked(recording.id, file), '404 not_found', file);
  const token = async (body: object): Promise<string> => (await call('POST', `${edge}/v1/recordings/${recording.id}/tokens`, { token: apiKey, body: JSON.stringify(body) })).body.token;
  assert.equal(await asked(await token({}), 'video.mp4'), '404 no_such_view');
  const { frames } = await readFrames(play(await token({ download: true }), 'video.mp4'));
  assert.deepEqual(frames.map((frame) => frame.number), numbers(0, 400));
  const clear = await recordSample();
  for (const file of ['aes/key', 'aes/main/0.m4s', 'aes/iframes/0.m4s']) assert.equal(await asked(clear.id, file), '404 no_such_view', file);
});

test('the key is for those who may play', async () => {
  const closed = await recordSample({ encryption: 'aes-128', access: 'token' });
  for (const file of ['aes/key', 'aes/main/0.m4s']) assert.equal(await asked(closed.id, file), '403 play_token_required', file);
  const { body } = await call('POST', `${edge}/v1/recordings/${closed.id}/tokens`, { token: apiKey, body: '{"origins": ["https://school.example"]}' });
  assert.equal(await asked(body.token, 'aes/key'), '403 origin_refused');
  const from = await fetch(play(body.token, 'aes/key'), { headers: { Origin: 'https://school.example' } });
  assert.deepEqual([from.status, (await from.arrayBuffer()).byteLength, from.headers.get('cache-control')], [200, 16, 'no-store']);
  await call('PATCH', `${edge}/v1/recordings/${closed.id}`, { token: apiKey, body: '{"review": "banned"}' });
  const since = Date.now();
  while ((await asked(body.token, 'aes/key')) !== '403 banned' && (await asked(closed.id, 'aes/key')) !== '403 banned') assert.ok(Date.now() - since < 2_000);
});

test('what a template says of encryption holds whatever its visitors ask for', async () => {
  const template = await call('POST', `${edge}/v1/templates`, { token: apiKey, body: '{"encryption": "aes-128", "review": "pending", "access": "token", "retention": {"days": 7}}' });
  assert.equal(template.body.encryption, 'aes-128');
  const made = await call('POST', `${edge}/v1/recordings`, { body: JSON.stringify({ template: template.body.id, encryption: 'none', review: 'approved', retention: { days: 900 } }) });
  const { body } = await call('GET', `${edge}/v1/recordings/${made.body.id}`);
  assert.deepEqual([body.encryption, body.review, body.access, body.retention], ['aes-128', 'pending', 'token', { days: 7 }]);
});

test('ffmpeg decodes every picture once: whole, a range, a clip, keyframes', async () => {
  const seen = async (url: string): Promise<(number | null)[]> => {
    const { frames, messages } = await readFrames(url);
    assert.deepEqual(messages, [], url);
    return frames.filter((frame, index) => (frames[index + 1]?.pts ?? Infinity) - frame.pts > 0.02).map((frame) => frame.number);
  };
  assert.deepEqual(await seen(recording.playback.hls), numbers(0, 400));
  assert.deepEqual(await seen(play(recording.id, 'index.m3u8?start=5.48&end=8')), numbers(137, 200));
  const clip = await call('POST', `${edge}/v1/recordings/${recording.id}/clips`, { token: apiKey, body: '{"start": 4, "end": 6}' });
  assert.deepEqual(await seen(clip.body.playback.hls), numbers(100, 150));
  assert.deepEqual(await seen(play(recording.id, 'iframes.m3u8')), numbers(0, 8).map((index) => index * 50));
});

test('a body that is not of one piece is encrypted as one', async () => {
  const key = await bytesOf(play(recording.id, 'aes/key'));
  const plain = await recordSample();
  const [clear, sent] = await Promise.all([bytesOf(play(plain.id, 'main/2.m4s?from=5000000')), bytesOf(play(recording.id, 'aes/main/2.m4s?from=5000000'))]);
  assert.ok(decrypt(sent, key, 2).equals(clear));
});

test('an update of a long playlist says the key again, and is short', async () => {
  const long = await create({ encryption: 'aes-128' });
  await putConfig(long);
  for (let seq = 0; seq < 24; seq += 1) await putEndless(long, seq);
  const update = await playlist(play(long.id, 'media.m3u8?_HLS_skip=YES'));
  assert.match(update, /#EXT-X-SKIP:SKIPPED-SEGMENTS=\d+\n#EXT-X-KEY:METHOD=AES-128,URI="aes\/key"\n#EXTINF/);
  assert.ok(update.length < 3_000);
  const key = await bytesOf(play(long.id, 'aes/key'));
  assert.ok(decrypt(await bytesOf(play(long.id, 'aes/main/23.m4s')), key, 23).equals(endless(23)));
});

for (const kind of ['hls', 'ts'] as const) {
  test(`a broadcast of it (${kind}) is encrypted too, and ffmpeg decodes it`, async () => {
    const { body } = await call('POST', `${recording.ingest_url}/broadcasts`, { token: apiKey, body: JSON.stringify({ start: Date.now() - 100_000 }) });
    const { frames, messages } = await readFrames(body.playback[kind], ['-live_start_index', '0']);
    assert.deepEqual(messages, []);
    assert.deepEqual(frames.map((frame) => frame.number), numbers(100, 400));
    const [clear, sent] = kind === 'ts' ? ['ts/3.ts', 'aes/ts/3.ts'] : ['video/3.m4s', 'aes/video/3.m4s'];
    assert.deepEqual([await asked(body.id, clear), await asked(body.id, sent), await asked(body.id, 'aes/key')], ['404 no_such_view', '200', '200']);
  });
}

for (const player of ['hls.js', 'shaka'] as const) {
  test(`${player} plays it, and shows the right pictures`, async () => {
    const tab = await players.browser.newPage();
    await tab.addInitScript(pageFrameReader());
    await players.start(tab, recording.playback.hls, player);
    const begun = await played(tab, 0.2);
    assert.deepEqual(begun.fatal, []);
    const shown = await tab.evaluate(async () => {
      const video = document.querySelector('video') as HTMLVideoElement;
      video.pause();
      const seen: (number | null)[] = [];
      for (const index of [0, 137, 260, 399]) seen.push(await (globalThis as unknown as Reading).frameReader.seek(video, index * 0.04 + 0.02));
      return seen;
    });
    assert.deepEqual(shown, [0, 137, 260, 399]);
    await tab.close();
  });
}
