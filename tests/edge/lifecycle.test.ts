// Recordings listed, changed and deleted.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apiKey, call, create, edge, fragment, playlist, putConfig, putFragment, putObject, recordSample, type Answer, type Recording } from './edge.ts';

const url = (recording: Recording): string => `${edge}/v1/recordings/${recording.id}`;
const list = (query: string, token: string | undefined = apiKey): Promise<Answer> => call('GET', `${edge}/v1/recordings?${query}`, token === undefined ? {} : { token });
const patch = (recording: Recording, body: object, token = apiKey): Promise<Answer> => call('PATCH', url(recording), { token, body: JSON.stringify(body) });

test('a list, a page at a time, newest first, with its search', async () => {
  const name = `Derby ${Date.now()}`;
  const made: string[] = [];
  for (const part of ['1', '2 100%', '3']) made.unshift((await create({ title: `${name} part ${part}` })).id);
  const search = `search=${encodeURIComponent(name.toLowerCase())}`;
  const found: string[] = [];
  let cursor = '';
  let pages = 0;
  do {
    const page = await list(`${search}&limit=2${cursor && `&cursor=${cursor}`}`);
    assert.equal(page.status, 200);
    assert.equal(page.headers.get('cache-control'), 'no-store');
    found.push(...page.body.recordings.map((each: { id: string }) => each.id));
    cursor = page.body.cursor ?? '';
    pages += 1;
  } while (cursor);
  assert.deepEqual([found, pages], [made, 2]);
  const one = await list(`search=${encodeURIComponent('2 100%')}&limit=1000`);
  assert.ok(one.body.recordings.every((each: { title: string }) => each.title.includes('2 100%')), '% is no wildcard');
  const byId = await list(`search=${made[0]}`);
  assert.deepEqual(byId.body.recordings.map((each: { id: string }) => each.id), [made[0]]);
});

test('a list says how far each is', async () => {
  const title = `whole ${Date.now()}`;
  const recording = await recordSample({ title });
  const { body } = await list(`search=${encodeURIComponent(title)}&state=finished`);
  const [own] = body.recordings;
  assert.deepEqual([own.id, own.title, own.state, own.duration], [recording.id, title, 'finished', 16]);
  assert.ok(own.bytes > 2_000_000);
  assert.deepEqual([own.review, own.access], ['approved', 'public']);
  assert.deepEqual((await list(`search=${encodeURIComponent(title)}&state=recording`)).body.recordings, []);
});

test('a list is narrowed to what was decided, which it tells at once', async () => {
  const recording = await create({ review: 'pending', access: 'token' });
  const found = async (review: string): Promise<unknown[]> => {
    const { body } = await list(`search=${recording.id}&review=${review}`);
    return body.recordings.map((each: { review: string; access: string }) => [each.review, each.access]);
  };
  assert.deepEqual([await found('pending'), await found('banned')], [[['pending', 'token']], []]);
  await patch(recording, { review: 'banned' });
  assert.deepEqual([await found('pending'), await found('banned')], [[], [['banned', 'token']]]);
  assert.equal((await list('review=gone')).body.error.code, 'bad_request');
});

test('title and facts are changed and stay', async () => {
  const recording = await create({ title: 'first', metadata: { room: '12', teacher: 'Li' } });
  const changed = await patch(recording, { title: 'second', metadata: { room: null, course: '数学' } });
  assert.equal(changed.status, 200);
  const info = await call('GET', url(recording));
  for (const { body } of [changed, info]) assert.deepEqual([body.title, body.metadata], ['second', { course: '数学', teacher: 'Li' }]);
  assert.equal((await list(`search=${recording.id}`)).body.recordings[0].title, 'second');
  const emptied = await patch(recording, { title: '' });
  assert.equal('title' in emptied.body, false);
});

test('what is deleted is gone, and stays so', async () => {
  const recording = await recordSample();
  const playing = await playlist(recording.playback.hls);
  const segments = new URL(/^[^#].*$/m.exec(playing)?.[0] ?? '', recording.playback.hls).href;
  const segment = new URL(/^main.*$/m.exec(await playlist(segments))?.[0] ?? '', segments).href;
  assert.equal((await fetch(segment)).status, 200);
  const deleted = await call('DELETE', url(recording), { token: apiKey });
  assert.equal(deleted.status, 204);
  for (const address of [url(recording), recording.playback.hls, recording.playback.mp4, segment]) {
    const gone = await fetch(`${address}?again`);
    assert.equal(gone.status, 404, address);
    await gone.body?.cancel();
  }
  assert.deepEqual((await list(`search=${recording.id}`)).body.recordings, []);
  assert.equal((await call('DELETE', url(recording), { token: apiKey })).body.error.code, 'unknown_recording');
});

test('a recording that is deleted while it grows takes nothing more', async () => {
  const recording = await create();
  await putConfig(recording);
  await putFragment(recording, 0);
  assert.equal((await call('DELETE', url(recording), { token: apiKey })).status, 204);
  const late = await putObject(recording, 1, fragment(1).bytes);
  assert.deepEqual([late.status, late.body.error.code], [404, 'unknown_recording']);
  const again = await create({ id: recording.id });
  const objects = await call('GET', `${again.ingest_url}/objects`, { token: again.ingest_token });
  assert.deepEqual(objects.body.objects, [], 'the name is free, and nothing is left of the first');
  await putConfig(again);
  // Under the number that came late: it was not kept.
  assert.equal((await putObject(again, 1, fragment(2).bytes)).status, 201);
});

test('who may not, may not', async () => {
  const recording = await create();
  for (const [token, code] of [[undefined, 'token_missing'], ['wrong', 'key_invalid'], [recording.ingest_token, 'key_invalid']] as const) {
    const by = token === undefined ? {} : { token };
    for (const answer of [
      await call('GET', `${edge}/v1/recordings`, by), await call('DELETE', url(recording), by), await call('PATCH', url(recording), { ...by, body: '{}' }),
    ]) assert.deepEqual([answer.status, answer.body.error.code], [401, code]);
  }
  const bad: [Answer, string][] = [
    [await list('limit=0'), 'limit'], [await list('cursor=nonsense'), 'cursor'], [await list('state=lost'), 'state'],
    [await patch(recording, { colour: 'red' }), 'colour'], [await patch(recording, { metadata: { ['x'.repeat(65)]: '' } }), 'metadata'],
  ];
  for (const [{ status, body }, word] of bad) {
    assert.deepEqual([status, body.error.code], [400, 'bad_request']);
    assert.ok(body.error.message.includes(word), body.error.message);
  }
});
