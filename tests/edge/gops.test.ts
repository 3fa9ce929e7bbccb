// Keyframes far apart: objects that begin without one, a target duration that stays, and what playlists say then.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { readFrames } from '../media/frames.ts';
import { samplePath } from '../media/sample.ts';
import { runTool } from '../media/tool.ts';
import { apiKey, call, contentDigest, create, edge, finish, playlist, takenApart, type Answer, type Recording, type Sample } from './edge.ts';
import { launchPlayers, look, played, type Players } from './player_pages.ts';

let players: Players;
let folder: string;
before(async () => {
  [players, folder] = await Promise.all([launchPlayers(), mkdtemp(join(tmpdir(), 'livetape-gops-'))]);
});
after(async () => {
  await players.close();
  await rm(folder, { recursive: true, force: true });
});

/** The sample's pictures with a keyframe every `gop`, in fragments of so many seconds wherever those are. */
async function encoded(gop: number, seconds: number): Promise<Sample> {
  const path = join(folder, `${gop}-${seconds}.mp4`);
  const video = ['-c:v', 'libx264', '-preset', 'ultrafast', '-crf', '30', '-g', String(gop), '-keyint_min', String(gop), '-sc_threshold', '0', '-bf', '2', '-fps_mode', 'passthrough'];
  const fragments = ['-movflags', '+empty_moov+default_base_moof', '-frag_duration', String(seconds * 1e6), '-min_frag_duration', String(seconds * 1e6)];
  await runTool('ffmpeg', ['-v', 'error', '-i', samplePath, ...video, '-c:a', 'copy', ...fragments, path]);
  return takenApart(await readFile(path), seconds);
}

const put = (recording: Recording, film: Sample, seq: number): Promise<Answer> => {
  const bytes = film.fragments[seq]?.bytes ?? Buffer.alloc(0);
  const headers = { 'Content-Digest': contentDigest(bytes), 'Livetape-Config': film.config };
  return call('PUT', `${recording.ingest_url}/objects/main/${seq}`, { token: recording.ingest_token, body: bytes, headers });
};
async function record(recording: Recording, film: Sample): Promise<void> {
  await call('PUT', `${recording.ingest_url}/configs/${film.config}`, { token: recording.ingest_token, body: film.init });
  for (const seq of film.fragments.keys()) {
    const answer = await put(recording, film, seq);
    assert.equal(answer.status, 201, JSON.stringify(answer.body));
  }
  await finish(recording);
}
const numbers = (first: number, end: number): number[] => Array.from({ length: end - first }, (_, index) => first + index);

for (const [name, gop] of [['keyframes 10 s apart', 250], ['one keyframe for ever', 100_000]] as const) {
  test(`${name}: objects begin without one, and every picture is there once`, async () => {
    const recording = await create();
    await record(recording, await encoded(gop, 4));
    const text = await playlist(`${edge}/v1/play/${recording.id}/media.m3u8`);
    assert.doesNotMatch(text, /INDEPENDENT-SEGMENTS/);
    assert.match(text, /#EXT-X-TARGETDURATION:7\n/);
    assert.ok((text.match(/#EXTINF/g) ?? []).length >= 4, text);
    const { frames, messages } = await readFrames(recording.playback.hls);
    assert.deepEqual(messages, []);
    assert.deepEqual(frames.map((frame) => frame.number), numbers(0, 400));
    const tab = await players.open(recording.playback.hls, 'hls.js');
    await played(tab, 0.1);
    await tab.evaluate(() => ((document.querySelector('video') as HTMLVideoElement).playbackRate = 8));
    await tab.waitForFunction(() => (document.querySelector('video') as HTMLVideoElement).ended, undefined, { timeout: 30_000 });
    assert.deepEqual((await look(tab)).fatal, []);
    await tab.close();
  });
}

test('a recording whose target duration is 10 s takes objects of 10 s; others do not', async () => {
  const film = await encoded(250, 10);
  const refused = await create();
  await call('PUT', `${refused.ingest_url}/configs/${film.config}`, { token: refused.ingest_token, body: film.init });
  const answer = await put(refused, film, 0);
  assert.deepEqual([answer.status, answer.body.error?.code], [422, 'object_too_long']);
  const template = await call('POST', `${edge}/v1/templates`, { token: apiKey, body: '{"target_duration": 10}' });
  const made = await call('POST', `${edge}/v1/recordings`, { body: JSON.stringify({ template: template.body.id }) });
  const recording = made.body as Recording;
  await record(recording, film);
  const text = await playlist(`${edge}/v1/play/${recording.id}/media.m3u8`);
  assert.match(text, /#EXT-X-INDEPENDENT-SEGMENTS\n#EXT-X-TARGETDURATION:10\n/);
  assert.match(text, /CAN-SKIP-UNTIL=60\.0/);
  const { frames } = await readFrames(recording.playback.hls);
  assert.deepEqual(frames.map((frame) => frame.number), numbers(0, 400));
  for (const wanted of [6, 11, 7.5]) assert.equal((await call('POST', `${edge}/v1/templates`, { token: apiKey, body: JSON.stringify({ target_duration: wanted }) })).body.error.code, 'bad_request');
});
