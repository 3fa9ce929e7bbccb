// A recording whose Durable Object is lost comes back from what R2 has of it, and goes on as if nothing had happened.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, test } from 'node:test';
import { samplePath } from '../media/sample.ts';
import { Runtime } from './runtime.ts';

const runtime = await Runtime.create();
after(() => runtime.remove());
process.env['LIVETAPE_EDGE'] = runtime.address;
process.env['LIVETAPE_API_KEY'] = runtime.apiKey;
const { answered, apiKey, call, create, edge, endless, fragment, putConfig, putEndless, putObject, finish, recordSample, sample } = await import('./edge.ts');
type Recording = import('./edge.ts').Recording;

/** All that can be played of a recording or a clip, and what the API tells of it. */
async function everything(recording: Recording, ...ids: string[]): Promise<Record<string, string>> {
  const key = { Authorization: `Bearer ${apiKey}` };
  const token = { Authorization: `Bearer ${recording.ingest_token}` };
  const answers: Record<string, string> = {
    info: await answered(recording.ingest_url),
    objects: await answered(`${recording.ingest_url}/objects`, token),
    clips: await answered(`${recording.ingest_url}/clips`, key),
  };
  for (const id of [recording.id, ...ids]) {
    const files = ['index.m3u8', 'media.m3u8', 'iframes.m3u8', 'media.m3u8?start=1&end=3', 'video.mp4', 'video.mp4?start=1.2&end=3', 'audio.m4a', `init-${sample.config}.mp4`, 'main/0.m4s', 'main/3.m4s', 'main/99.m4s'];
    const broadcast = ['index.m3u8', 'video.m3u8', 'ts/index.m3u8'];
    for (const file of id.startsWith('live_') ? broadcast : files) answers[`${id} ${file}`] = await answered(`${edge}/v1/play/${id}/${file}`);
    answers[`${id} range`] = await answered(`${edge}/v1/play/${id}/video.mp4`, { Range: 'bytes=1000-700000' });
  }
  return answers;
}

/** What is played of a recording that slides. */
async function playlists(recording: Recording): Promise<Record<string, string>> {
  const answers: Record<string, string> = {};
  for (const file of ['media.m3u8', 'video.mp4', 'audio.m4a', 'main/6.m4s']) answers[file] = await answered(`${edge}/v1/play/${recording.id}/${file}`);
  return answers;
}

const post = async (recording: Recording, path: string, body: object): Promise<string> => (await call('POST', `${recording.ingest_url}/${path}`, { token: apiKey, body: JSON.stringify(body) })).body.id;
const patch = (recording: Recording, body: object): Promise<unknown> => call('PATCH', recording.ingest_url, { token: apiKey, body: JSON.stringify(body) });

/** An uploaded film, once it plays. */
async function uploaded(): Promise<Recording> {
  const bytes = await readFile(samplePath);
  const tus = { 'Tus-Resumable': '1.0.0' };
  const headers = { ...tus, Authorization: `Bearer ${apiKey}`, 'Content-Type': 'application/offset+octet-stream', 'Upload-Length': String(bytes.length) };
  const made = await fetch(`${edge}/v1/uploads`, { method: 'POST', headers, body: new Uint8Array(bytes) });
  for (;;) {
    const { headers: told } = await fetch(made.headers.get('location') ?? '', { method: 'HEAD', headers: tus });
    const id = told.get('livetape-recording') ?? '';
    if (told.get('livetape-state') === 'playable') return { id, ingest_token: '', ingest_url: `${edge}/v1/recordings/${id}`, playback: { page: '', hls: `${edge}/v1/play/${id}/index.m3u8`, mp4: '' } };
    assert.equal(told.get('livetape-state'), 'indexing');
  }
}

/** A recording of which the first twelve seconds have left its window, and storage. */
async function windowed(): Promise<Recording> {
  const recording = await create();
  await putConfig(recording);
  for (let seq = 0; seq < 36; seq += 1) await putEndless(recording, seq);
  await patch(recording, { retention: { window: 60 } });
  for (;;) {
    const { body } = await call('GET', recording.ingest_url);
    if (body.objects === 30) return recording;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

test('all that is told and played of recordings is the same, byte for byte, and those that grow go on growing', { timeout: 180_000 }, async () => {
  // It takes the longest.
  const slides = windowed();
  const finished = await recordSample({ title: 'Tokio 東京', metadata: { room: '4' } });
  const clip = await post(finished, 'clips', { start: 1.48, end: 7.52, title: 'goal', persistent: true });
  const last = await post(finished, 'clips', { start: 2 });
  await call('DELETE', `${finished.ingest_url}/clips/${last}`, { token: apiKey });
  const broadcast = await post(finished, 'broadcasts', { start: Date.now() - 3_600_000, loop: false });
  const guarded = await recordSample();
  await patch(guarded, { access: 'token', title: 'for some' });
  const growing = await create({ title: 'grows', derived_from: finished.id });
  await putConfig(growing);
  for (const seq of [0, 1, 2]) await putEndless(growing, seq, 1_795_000_000_000);
  const film = await uploaded();
  const deleted = await recordSample();
  await call('DELETE', deleted.ingest_url, { token: apiKey });
  const half = await recordSample();
  const sliding = await slides;

  const all = async (): Promise<Record<string, string>[]> => [
    await everything(finished, clip, broadcast), await everything(guarded), await everything(growing), await playlists(sliding), await everything(film), await everything(deleted), await everything({ ...deleted, id: 'rec_0000000000000000000000', ingest_url: `${edge}/v1/recordings/rec_0000000000000000000000` }),
  ];
  const before = await all();
  assert.equal(JSON.parse((before[2]?.['info'] ?? '').replace(/^\S+ \S+ /, '')).derived_from, finished.id);
  assert.match(before[0]?.[`${broadcast} index.m3u8`] ?? '', /^200/);
  await runtime.stop();
  await runtime.lose('Recording', 'Tenant');
  // Its deletion was cut off after its first step.
  await runtime.store(`rec/${half.id}/recording.json`, '"deleted"');
  await runtime.start();
  const again = await all();
  for (const [index, answers] of before.entries()) {
    for (const [what, answer] of Object.entries(answers)) assert.equal(again[index]?.[what], answer, what);
  }

  const listed = await call('GET', `${edge}/v1/recordings`, { token: apiKey });
  const ids = (recordings: { id: string }[]): string[] => recordings.map(({ id }) => id).sort();
  assert.deepEqual(ids(listed.body.recordings), ids([finished, guarded, growing, sliding, film]), 'the list knows those that are there again');

  const answer = await call('GET', half.ingest_url);
  assert.equal(answer.body.error.code, 'unknown_recording', 'what was being deleted stays deleted');
  assert.match(await answered(`${edge}/v1/play/${half.id}/main/0.m4s`), /^404/);

  const statuses: number[] = [];
  for (const [seq, bytes] of [[4, endless(4)], [4, endless(4)], [4, fragment(0).bytes], [0, endless(0)]] as const) statuses.push((await putObject(growing, seq, bytes)).status);
  assert.deepEqual(statuses, [201, 200, 409, 200]);
  assert.deepEqual((await finish(growing, { objects: { main: 5 } })).body.error.missing, { main: [3] });
  await putEndless(growing, 3);
  const done = await finish(growing, { objects: { main: 5 } });
  assert.deepEqual([done.body.state, done.body.objects, done.body.duration], ['finished', 5, 10]);

  assert.match(await post(finished, 'clips', { start: 3 }), /_3$/, 'the number of a clip that was deleted is not given again');
  assert.match(await post(finished, 'broadcasts', {}), /_2$/);
  assert.equal((await call('DELETE', finished.ingest_url, { token: apiKey })).status, 204);
});

/** The table of objects as it was before lanes. */
const withoutLanes = `
  CREATE TABLE earlier (
    seq INTEGER PRIMARY KEY, size INTEGER NOT NULL, digest BLOB NOT NULL, config TEXT NOT NULL,
    head BLOB NOT NULL, wall_clock INTEGER, stored INTEGER NOT NULL
  );
  INSERT INTO earlier SELECT seq, size, digest, config, head, wall_clock, stored FROM object;
  DROP TABLE object;
  ALTER TABLE earlier RENAME TO object;
`;

test('rows of a version that knew no lanes are read, and go on', { timeout: 60_000 }, async () => {
  const growing = await create();
  await putConfig(growing);
  for (const seq of [0, 1, 3]) await putEndless(growing, seq);
  const before = await playlists(growing);
  await runtime.stop();
  runtime.alter('Recording', 'object', withoutLanes);
  await runtime.start();
  assert.deepEqual(await playlists(growing), before);
  await putEndless(growing, 2);
  const done = await finish(growing, { objects: { main: 4 } });
  assert.deepEqual([done.body.objects, done.body.duration], [4, 8]);
});
