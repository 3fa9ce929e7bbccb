// What is not kept any more: a window that slides, days that are over, clips that keep what they show.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { apiKey, call, create, edge, playlist, putConfig, putEndless, recordSample, type Recording } from './edge.ts';
import { until } from './until.ts';

const clips = (recording: Recording): string => `${edge}/v1/recordings/${recording.id}/clips`;
const status = async (url: string): Promise<number> => {
  const answer = await fetch(url);
  await answer.body?.cancel();
  return answer.status;
};

/** Asks as long as two turns of the alarm may take. */
const inTwoTurns = (what: string, there: () => Promise<boolean>): Promise<void> => until(what, there, 45_000, 250);

// Side by side: most of it is waiting for alarms.
describe('retention', { concurrency: true }, () => {
  test('the oldest objects of a window leave storage, but for what a persistent clip shows', { timeout: 90_000 }, async () => {
    const recording = await create({ retention: { window: 60 } });
    await putConfig(recording);
    for (let seq = 0; seq < 36; seq += 1) await putEndless(recording, seq);
    const made = await call('POST', clips(recording), { token: apiKey, body: '{"start": 3, "end": 5, "persistent": true}' });
    const play = (file: string, id = recording.id): string => `${edge}/v1/play/${id}/${file}`;
    const clip = await playlist(play('media.m3u8', made.body.id));
    assert.match(await playlist(play('media.m3u8')), /#EXT-X-MEDIA-SEQUENCE:0\n/);
    await inTwoTurns('the playlist slides', async () => (await playlist(play('media.m3u8'))).includes('#EXT-X-MEDIA-SEQUENCE:6\n'));
    const gone = (seq: number) => async (): Promise<boolean> => (await status(play(`main/${seq}.m4s`))) === 404;
    for (const seq of [0, 3, 4, 5]) await inTwoTurns(`object ${seq} is removed`, gone(seq));
    for (const seq of [1, 2, 6]) assert.equal(await status(play(`main/${seq}.m4s`)), 200, `object ${seq} is kept`);
    assert.equal(await playlist(play('media.m3u8', made.body.id)), clip);
    assert.equal(await status(play('video.mp4', made.body.id)), 200);
    const { body } = await call('GET', recording.ingest_url);
    assert.deepEqual([body.duration, body.objects, body.retention], [60, 32, { window: 60 }]);
    assert.equal((await call('DELETE', `${clips(recording)}/${made.body.id}`, { token: apiKey })).status, 204);
    for (const seq of [1, 2]) await inTwoTurns(`object ${seq} is removed with its clip`, gone(seq));
  });

  test('when its days are over a recording is deleted; with a persistent clip, all but that', { timeout: 90_000 }, async () => {
    const retention = { days: 0.000_03 };
    const [all, pinned] = [await recordSample({ retention }), await recordSample()];
    const made = await call('POST', clips(pinned), { token: apiKey, body: '{"start": 3, "end": 5, "persistent": true}' });
    const patched = await call('PATCH', `${edge}/v1/recordings/${pinned.id}`, { token: apiKey, body: JSON.stringify({ retention }) });
    assert.deepEqual(patched.body.retention, retention);
    await inTwoTurns('it is deleted', async () => (await call('GET', all.ingest_url)).body.error?.code === 'unknown_recording');
    assert.equal(await status(`${edge}/v1/play/${all.id}/main/0.m4s`), 404);
    await inTwoTurns('what is not pinned is removed', async () => (await call('GET', pinned.ingest_url)).body.objects === 2);
    assert.equal((await call('GET', pinned.playback.hls.replace('index', 'media'))).body.error.code, 'nothing_recorded');
    assert.equal(await status(made.body.playback.mp4), 200);
    await call('DELETE', `${clips(pinned)}/${made.body.id}`, { token: apiKey });
    await inTwoTurns('it goes with its clip', async () => (await call('GET', pinned.ingest_url)).body.error?.code === 'unknown_recording');
  });

  test('what cannot be meant is refused', async () => {
    for (const retention of [{ days: 0 }, { window: 59 }, { weeks: 1 }, { days: '3' }]) {
      const answer = await call('POST', `${edge}/v1/recordings`, { token: apiKey, body: JSON.stringify({ retention }) });
      assert.deepEqual([answer.status, answer.body.error.code], [400, 'bad_request'], JSON.stringify(retention));
    }
  });
});
