// The objects of a finished recording become few large ones: nothing that is played changes by that, and nothing is lost.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Runtime } from './runtime.ts';
import { until } from './until.ts';

// Two packs, of which the first is stored in two parts; what was packed goes soon.
const runtime = await Runtime.create('LIVETAPE_LARGEST_PACK:20000000', 'LIVETAPE_PACK_GRACE:6', 'LIVETAPE_COUNT:1');
after(() => runtime.remove());
process.env['LIVETAPE_EDGE'] = runtime.address;
process.env['LIVETAPE_API_KEY'] = runtime.apiKey;
const { answered, apiKey, call, create, edge, endless, finish, playlist, putConfig, putEndless, putObject, sample, sha256 } = await import('./edge.ts');
type Recording = import('./edge.ts').Recording;

const OBJECTS = 80;
const segments = [0, 1, 40, 71, 72, 73, 79].map((seq) => `main/${seq}.m4s`);

/** What does not change when a recording is finished. */
async function everything(recording: Recording): Promise<Record<string, string>> {
  const answers: Record<string, string> = { objects: await answered(`${recording.ingest_url}/objects`, { Authorization: `Bearer ${recording.ingest_token}` }) };
  // By a token for a part, segments are asked of the index: the platform's cache has no say in what they are made of.
  const part = await call('POST', `${recording.ingest_url}/tokens`, { token: apiKey, body: '{"start": 0}' });
  for (const segment of segments) answers[segment] = await answered(`${edge}/v1/play/${part.body.token}/${segment}`);
  for (const file of ['index.m3u8', 'video.mp4', 'audio.m4a', 'video.mp4?start=30.5&end=99', 'main/40.m4s?from=80500000', 'iframes/3.m4s', `init-${sample.config}.mp4`]) answers[file] = await answered(`${edge}/v1/play/${recording.id}/${file}`);
  for (const range of ['bytes=0-99', 'bytes=19000000-21000000', 'bytes=-70000']) answers[range] = await answered(`${edge}/v1/play/${recording.id}/video.mp4`, { Range: range });
  return answers;
}

const same = (answers: Record<string, string>, before: Record<string, string>, when: string): void => {
  for (const [what, answer] of Object.entries(before)) assert.equal(answers[what], answer, `${what} ${when}`);
};

test('packs give the same bytes as the objects that they replace, before, while and after', { timeout: 180_000 }, async () => {
  const recording = await create();
  await putConfig(recording);
  for (let seq = 0; seq < OBJECTS; seq += 1) await putEndless(recording, seq, 1_795_000_000_000);
  const before = await everything(recording);
  const stored = (folder = ''): { key: string; size: number }[] => runtime.stored(`rec/${recording.id}/${folder}`);
  const bytes = stored('obj/').reduce((sum, { size }) => sum + size, 0);
  const list = (await playlist(recording.playback.hls.replace('index', 'media'))) + '#EXT-X-ENDLIST\n';

  assert.equal((await finish(recording)).status, 200);
  // An answer that was begun before, and goes on while objects become packs.
  const slow = await fetch(recording.playback.mp4);
  await until('the packs are there', () => stored('pack/').some(({ key }) => key.endsWith('1.json')));
  const whole = new Uint8Array(await slow.arrayBuffer());
  assert.equal(`200 ${slow.headers.get('etag')} ${sha256(whole).toString('hex')}`, before['video.mp4']);
  await until('the objects are in packs alone', async () => {
    same(await everything(recording), before, 'meanwhile');
    return stored('obj/').length === 0;
  });

  same(await everything(recording), before, 'afterwards');
  // By the id: first out of its pack, then from the cache, which has it once it was sent.
  for (const segment of segments) {
    const hit = async (): Promise<boolean> => {
      const answer = await fetch(`${edge}/v1/play/${recording.id}/${segment}`);
      await answer.arrayBuffer();
      return /cache-hits=1/.test(answer.headers.get('livetape-cost') ?? '');
    };
    assert.equal(await answered(`${edge}/v1/play/${recording.id}/${segment}`), before[segment], segment);
    await until(`${segment} is cached`, hit);
    assert.equal(await answered(`${edge}/v1/play/${recording.id}/${segment}`), before[segment], `${segment}, from the cache`);
  }
  assert.equal(await playlist(recording.playback.hls.replace('index', 'media')), list);
  const names = stored('pack/').map(({ key }) => key.split('/').at(-1));
  assert.deepEqual(names, ['0.json', '0.made', '0.payload', '0.rest', '1.json', '1.payload', '1.rest']);
  assert.ok(stored().every(({ size }) => size <= 20_000_000));
  const all = stored().reduce((sum, { size }) => sum + size, 0);
  assert.ok(all <= 1.05 * bytes, `${all} bytes are stored of ${bytes}`);

  const again = await putObject(recording, 7, endless(7));
  assert.equal(again.status, 200, 'the same object again is fine');
  assert.equal(stored('obj/').length, 0, 'and not stored again');

  const clip = await call('POST', `${recording.ingest_url}/clips`, { token: apiKey, body: '{"start": 100.48, "end": 140, "persistent": true}' });
  const clipped = await answered(clip.body.playback.mp4);
  await runtime.stop();
  await runtime.lose('Recording');
  await runtime.start();
  same(await everything(recording), before, 'from R2 alone');
  assert.equal(await playlist(recording.playback.hls.replace('index', 'media')), list);

  // What a clip keeps is kept, in its pack; a pack of which nothing is kept goes.
  await call('PATCH', recording.ingest_url, { token: apiKey, body: '{"retention": {"days": 0.00001}}' });
  await until('an empty pack is removed', () => stored('pack/').length === 3);
  assert.equal((await call('GET', recording.ingest_url)).body.objects, 20);
  assert.equal(await answered(clip.body.playback.mp4), clipped);

  assert.equal((await call('DELETE', recording.ingest_url, { token: apiKey })).status, 204);
  assert.deepEqual(stored(), []);
});
