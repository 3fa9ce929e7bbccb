// A long recording is read from pages of objects, and its file laid out, without a look at the objects' heads: all of it is what it is
// when they are looked at.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, test } from 'node:test';
import { Runtime } from './runtime.ts';

const runtime = await Runtime.create();
after(() => runtime.remove());
process.env['LIVETAPE_EDGE'] = runtime.address;
process.env['LIVETAPE_API_KEY'] = runtime.apiKey;
const { answered, apiKey, call, contentDigest, create, edge, endless, finish, putObject, takenApart } = await import('./edge.ts');
type Recording = import('./edge.ts').Recording;

/** So many make a page. */
const IN_PAGE = 128;
/** Two pages, of which the second lacks one for a while, and some that are in none while more may come. */
const OBJECTS = 2 * IN_PAGE + 24;
const LATE = 200;

/** Small pictures and sound: nobody looks at them. */
const stream = takenApart(made(), 2);

function made(): Buffer {
  const sources = ['-f', 'lavfi', '-i', 'color=size=64x48:rate=25', '-f', 'lavfi', '-i', 'sine=sample_rate=48000'];
  const coding = ['-c:v', 'libx264', '-bf', '2', '-g', '50', '-keyint_min', '50', '-sc_threshold', '0', '-pix_fmt', 'yuv420p', '-c:a', 'aac', '-b:a', '32k'];
  const format = ['-t', '16', '-frames:a', '750', '-movflags', '+frag_keyframe+empty_moov+default_base_moof', '-f', 'mp4', '-'];
  return execFileSync('ffmpeg', ['-v', 'error', ...sources, ...coding, ...format]);
}

async function put(recording: Recording, seq: number): Promise<void> {
  const bytes = endless(seq, stream);
  const answer = await putObject(recording, seq, bytes, { 'Livetape-Config': stream.config, 'Content-Digest': contentDigest(bytes) });
  assert.equal(answer.status, 201);
}

const pages = (): unknown[][] => runtime.rows('Recording', 'SELECT first, last FROM page ORDER BY first').map(({ first, last }) => [first, last]);

/** All that is made of the index. */
async function everything(recording: Recording): Promise<Record<string, string>> {
  const answers: Record<string, string> = { info: await answered(recording.ingest_url) };
  const files = ['index.m3u8', 'media.m3u8', 'iframes.m3u8', 'video.mp4', 'audio.m4a', 'video.mp4?start=100.3&end=111', 'media.m3u8?start=255.5&end=260', 'main/130.m4s?from=261000000'];
  for (const file of files) answers[file] = await answered(`${edge}/v1/play/${recording.id}/${file}`);
  return answers;
}

function same(answers: Record<string, string>, before: Record<string, string>, when: string): void {
  for (const [what, answer] of Object.entries(before)) assert.equal(answers[what], answer, `${what} ${when}`);
}

test('pages say what the heads of their objects say, and a file is the same without a look at these', { timeout: 180_000 }, async () => {
  const recording = await create();
  const config = await call('PUT', `${recording.ingest_url}/configs/${stream.config}`, { token: recording.ingest_token, body: stream.init });
  assert.equal(config.status, 201);
  for (let seq = 0; seq < OBJECTS; seq += 1) if (seq !== LATE) await put(recording, seq);
  assert.deepEqual(pages(), [[0, 127], [128, 256]]);
  await put(recording, LATE);
  const growing = await everything(recording);
  assert.deepEqual(pages(), [[0, 127], [128, 255]], 'what came late is in a page of its neighbours');
  assert.equal((await finish(recording, { objects: { main: OBJECTS } })).status, 200);
  const whole = Buffer.from(await (await fetch(recording.playback.mp4)).arrayBuffer());

  // Whoever reads the head of an object in a page now finds nothing.
  await runtime.stop();
  runtime.rows('Recording', `UPDATE object SET head = x'' WHERE seq < ${2 * IN_PAGE}`);
  await runtime.start();
  const before = await everything(recording);
  for (const file of ['video.mp4', 'audio.m4a', 'video.mp4?start=100.3&end=111']) assert.equal(before[file], growing[file], file);
  assert.deepEqual(pages(), [[0, 127], [128, 255], [256, OBJECTS - 1]], 'no more follow');

  const again = Buffer.from(await (await fetch(recording.playback.mp4)).arrayBuffer());
  assert.ok(again.equals(whole), 'the header that is made when it is sent is the one that was made at once');
  for (let at = 1; at < whole.length; at += Math.floor(whole.length / 9)) {
    const end = Math.min(whole.length, at + 300_000);
    const range = await fetch(recording.playback.mp4, { headers: { Range: `bytes=${at}-${end - 1}` } });
    assert.ok(Buffer.from(await range.arrayBuffer()).equals(whole.subarray(at, end)), `bytes ${at} to ${end}`);
  }
  const count = (kind: string): number => Number(execFileSync('ffprobe', ['-v', 'error', '-select_streams', kind, '-count_packets', '-show_entries', 'stream=nb_read_packets', '-of', 'csv=p=0', '-'], { input: whole }));
  const { tracks } = (await call('GET', recording.ingest_url)).body;
  assert.deepEqual([count('v'), count('a')], tracks.map(({ samples }: { samples: number }) => samples));
  assert.equal(count('v'), 50 * OBJECTS);

  await runtime.stop();
  await runtime.lose('Recording');
  await runtime.start();
  same(await everything(recording), before, 'when it was rebuilt');
  await runtime.stop();
  runtime.rows('Recording', `UPDATE page SET sealed = x'00'`);
  await runtime.start();
  same(await everything(recording), before, 'where pages cannot be read');
  assert.equal(pages().length, 3, 'they are made anew');
  assert.equal((await call('DELETE', recording.ingest_url, { token: apiKey })).status, 204);
});
