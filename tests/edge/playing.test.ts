// Who may play: review, play tokens, revocation.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { readFrames } from '../media/frames.ts';
import { apiKey, call, create, edge, playlist, recordSample, sample, type Answer, type Recording } from './edge.ts';

const api = (recording: Recording, rest = ''): string => `${edge}/v1/recordings/${recording.id}${rest}`;
const patch = (recording: Recording, body: object): Promise<Answer> => call('PATCH', api(recording), { token: apiKey, body: JSON.stringify(body) });
const tokenFor = async (recording: Recording, body: object = {}): Promise<string> => {
  const made = await call('POST', api(recording, '/tokens'), { token: apiKey, body: JSON.stringify(body) });
  assert.equal(made.status, 201, JSON.stringify(made.body));
  return made.body.token;
};
/** Status and code of a file, by an id or a token. */
const asked = async (by: string, file: string, headers: Record<string, string> = {}): Promise<string> => {
  const answer = await fetch(`${edge}/v1/play/${by}/${file}`, { headers });
  const text = await answer.text();
  return answer.status < 400 ? String(answer.status) : `${answer.status} ${JSON.parse(text).error.code}`;
};

const init = `init-${sample.config}.mp4`;
/** One of each kind of file. */
const files = ['index.m3u8', 'media.m3u8', 'iframes.m3u8', 'video.mp4', 'audio.m4a', init, 'main/3.m4s', 'main/3.m4s?from=6500000', 'iframes/3.m4s', `iframes/${init}`];

/** Asks for every kind of file. */
const every = async (by: string, headers: Record<string, string> = {}): Promise<Set<string>> => new Set(await Promise.all(files.map((file) => asked(by, file, headers))));
/** Waits until every file is answered so, 2 s at most: that is how long a decision may take. */
async function becomes(by: string, wanted: string): Promise<void> {
  const from = Date.now();
  for (;;) {
    const seen = await every(by);
    if (seen.size === 1 && seen.has(wanted)) return;
    assert.ok(Date.now() - from < 2_000, `${[...seen]} after ${Date.now() - from} ms, not ${wanted}`);
  }
}

let recording: Recording;
before(async () => {
  recording = await recordSample();
});

test('what is pending plays for reviewers, what is banned for nobody', async () => {
  const reviewed = await recordSample({ review: 'pending' });
  const reviewer = await tokenFor(reviewed, { reviewer: true });
  const plain = await tokenFor(reviewed);
  assert.deepEqual(await every(reviewed.id), new Set(['403 review_pending']));
  assert.deepEqual(await every(plain), new Set(['403 review_pending']));
  assert.deepEqual(await every(reviewer), new Set(['200']));
  assert.equal((await patch(reviewed, { review: 'approved' })).body.review, 'approved');
  await becomes(reviewed.id, '200');
  await patch(reviewed, { review: 'banned' });
  await becomes(reviewed.id, '403 banned');
  await becomes(reviewer, '403 banned');
  const broadcast = await call('POST', api(reviewed, '/broadcasts'), { token: apiKey, body: '{"start": 0, "loop": true}' });
  assert.equal(await asked(broadcast.body.id, 'index.m3u8'), '403 banned');
});

test('a recording that asks for tokens plays by them alone, until they are revoked', async () => {
  const closed = await recordSample({ access: 'token' });
  const { body } = await call('POST', api(closed, '/tokens'), { token: apiKey });
  assert.deepEqual(await every(closed.id), new Set(['403 play_token_required']));
  assert.deepEqual(await every(body.token), new Set(['200']));
  const { frames } = await readFrames(body.playback.hls);
  assert.equal(frames.length, 400);
  const segment = await fetch(`${edge}/v1/play/${body.token}/main/0.m4s`);
  assert.equal(segment.headers.get('cache-control'), 'private, max-age=31536000, immutable');
  await segment.body?.cancel();
  assert.equal((await call('GET', api(closed))).body.access, 'token');
  await patch(closed, { revoke_tokens: true });
  await becomes(body.token, '403 play_token_revoked');
});

test('a token for a time, or for a clip, opens no more than that', async () => {
  const clip = await call('POST', api(recording, '/clips'), { token: apiKey, body: '{"start": 5, "end": 9}' });
  for (const token of [await tokenFor(recording, { start: 5, end: 9 }), await tokenFor(recording, { clip: clip.body.id })]) {
    const text = await playlist(`${edge}/v1/play/${token}/media.m3u8`);
    const uris = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    assert.deepEqual(uris, ['main/2.m4s?from=5000000', 'main/3.m4s', 'main/4.m4s?to=9000000']);
    for (const uri of [...uris, init, 'iframes/3.m4s']) assert.equal(await asked(token, uri), '200', uri);
    for (const uri of ['main/2.m4s', 'main/4.m4s', 'main/0.m4s', 'main/2.m4s?from=4900000', 'main/4.m4s?to=9100000', 'iframes/2.m4s', 'iframes/4.m4s']) {
      assert.equal(await asked(token, uri), '403 play_token_scope', uri);
    }
    const [part, own] = await Promise.all([`${token}/video.mp4`, `${recording.id}/video.mp4?start=5&end=9`].map(async (path) => Buffer.from(await (await fetch(`${edge}/v1/play/${path}`)).arrayBuffer())));
    assert.ok(part?.equals(own ?? Buffer.alloc(0)));
    assert.equal(await asked(token, 'media.m3u8?start=4'), '404 nothing_recorded', 'seconds count from where it begins');
  }
});

test('a token is for the pages that it names', async () => {
  const token = await tokenFor(recording, { origins: ['https://school.example'] });
  assert.deepEqual(await every(token), new Set(['403 origin_refused']));
  assert.deepEqual(await every(token, { Origin: 'https://other.example' }), new Set(['403 origin_refused']));
  assert.deepEqual(await every(token, { Origin: 'https://school.example' }), new Set(['200']));
  assert.deepEqual(await every(token, { Referer: 'https://school.example/watch' }), new Set(['200']));
});

test('one that expires while it plays stops what is asked for from then on', async () => {
  const token = await tokenFor(recording, { seconds: 3 });
  assert.equal(await asked(token, 'index.m3u8'), '200');
  const from = Date.now();
  while ((await asked(token, 'media.m3u8')) === '200') assert.ok(Date.now() - from < 6_000);
  assert.deepEqual(await every(token), new Set(['403 play_token_expired']));
});

test('no other token opens anything, and none is repeated in an answer', async () => {
  const token = await tokenFor(recording);
  const [header, claims, signature] = token.split('.') as [string, string, string];
  const forged = Buffer.from(JSON.stringify({ sub: recording.id, exp: 4_000_000_000 })).toString('base64url');
  const none = Buffer.from('{"alg":"none"}').toString('base64url');
  for (const wrong of [`${header}.${forged}.${signature}`, `${none}.${claims}.`, `${header}.${claims}.${'A'.repeat(43)}`, 'a.b.c', 'rec.x', `${token}x`]) {
    for (const file of ['index.m3u8', 'main/0.m4s', 'nothing']) {
      const answer = await fetch(`${edge}/v1/play/${wrong}/${file}`);
      const text = await answer.text();
      assert.equal(answer.status, file === 'nothing' && answer.status === 404 ? 404 : 403);
      assert.ok(!text.includes(wrong) && !text.includes(signature));
    }
  }
  const other = await create();
  for (const body of ['{"seconds": 0}', '{"seconds": 9999999}', '{"colour": 1}', '{"start": "noon"}']) assert.equal((await call('POST', api(other, '/tokens'), { token: apiKey, body })).body.error.code, 'bad_request');
  assert.equal((await call('POST', api(other, '/tokens'), { token: apiKey, body: `{"clip": "clip_${recording.id.slice(4)}_1"}` })).body.error.code, 'unknown_clip');
});
