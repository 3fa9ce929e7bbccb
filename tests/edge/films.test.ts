// Uploaded films become recordings: every picture and packet of sound, in order, at its time.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { audioPackets } from '../media/audio.ts';
import { readFrames } from '../media/frames.ts';
import { samplePath } from '../media/sample.ts';
import { runTool } from '../media/tool.ts';
import { apiKey, call, edge, playlist } from './edge.ts';

let folder: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'livetape-films-'));
});

after(() => rm(folder, { recursive: true, force: true }));

/** The sample in another container, or in another form of one. */
async function film(name: string, ...options: string[]): Promise<Buffer> {
  const path = join(folder, name);
  await runTool('ffmpeg', ['-v', 'error', '-i', samplePath, '-map', '0', '-c', 'copy', ...options, path]);
  return readFile(path);
}

/** Uploads a file and asks until it is known what becomes of it. */
async function uploaded(bytes: Buffer, name: string): Promise<{ state: string; reason: string | null; recording: string }> {
  const tus = { 'Tus-Resumable': '1.0.0' };
  const made = await fetch(`${edge}/v1/uploads`, {
    method: 'POST',
    headers: {
      ...tus, Authorization: `Bearer ${apiKey}`, 'Content-Type': 'application/offset+octet-stream',
      'Upload-Length': String(bytes.length), 'Upload-Metadata': `filename ${Buffer.from(name).toString('base64')}`,
    },
    body: new Uint8Array(bytes),
  });
  assert.equal(made.status, 201);
  const url = made.headers.get('location') ?? '';
  for (;;) {
    const { headers } = await fetch(url, { method: 'HEAD', headers: tus });
    const state = headers.get('livetape-state') ?? '';
    if (state === 'playable' || state === 'failed') return { state, reason: headers.get('livetape-reason'), recording: headers.get('livetape-recording') ?? '' };
    assert.equal(state, 'indexing');
  }
}

/** Packets of sound: when, counted from the first picture of the file, and their bytes. */
async function sound(source: string): Promise<string[]> {
  const [packets, { frames }] = await Promise.all([audioPackets(source), readFrames(source)]);
  return packets.map(({ pts, sha256 }) => `${(pts - (frames[0]?.pts ?? NaN)).toFixed(3)} ${sha256}`);
}

const films: [name: string, options: string[]][] = [
  ['moov-last.mp4', []],
  ['fragmented.mp4', ['-movflags', '+frag_keyframe+empty_moov+default_base_moof']],
  ['film.mov', []],
  ['film.ts', []],
];

for (const [name, options] of films) {
  test(`${name} plays with every picture and every packet of sound`, { timeout: 60_000 }, async () => {
    const { state, recording } = await uploaded(await film(name, ...options), name);
    assert.equal(state, 'playable');
    const { body } = await call('GET', `${edge}/v1/recordings/${recording}`);
    assert.deepEqual([body.state, body.title, Math.round(body.duration)], ['finished', name, 16]);
    for (const address of /^moov|ts$/.test(name) ? [body.playback.mp4, body.playback.hls] : [body.playback.mp4]) {
      const { frames, messages } = await readFrames(address);
      assert.deepEqual(messages, [], address);
      assert.deepEqual(frames.map((frame) => frame.number), Array.from({ length: 400 }, (_, number) => number), address);
    }
    // In a transport stream packets of sound have headers of their own.
    const original = name.endsWith('.ts') ? samplePath : join(folder, name);
    assert.deepEqual(await sound(body.playback.mp4), await sound(original));
    assert.match(await playlist(body.playback.hls.replace('index', 'media')), /#EXT-X-ENDLIST/);
  });
}

test('a transport stream whose pictures and sound change within plays to its end', { timeout: 60_000 }, async () => {
  await film('first.ts', '-t', '4');
  const other = ['-v', 'error', '-f', 'lavfi', '-i', 'testsrc=size=320x180:rate=25:duration=4', '-f', 'lavfi', '-i', 'sine=sample_rate=44100:duration=4'];
  await runTool('ffmpeg', [...other, '-c:v', 'libx264', '-g', '50', '-c:a', 'aac', join(folder, 'second.ts')]);
  const bytes = Buffer.concat(await Promise.all(['first.ts', 'second.ts'].map((name) => readFile(join(folder, name)))));
  const { state, recording } = await uploaded(bytes, 'both.ts');
  assert.equal(state, 'playable');
  const { body } = await call('GET', `${edge}/v1/recordings/${recording}`);
  assert.ok(Math.abs(body.duration - 8) < 0.2, body.duration);
  const media = await playlist(body.playback.hls.replace('index', 'media'));
  assert.equal(media.match(/#EXT-X-DISCONTINUITY\n/g)?.length, 1, media);
  assert.equal(new Set(media.match(/init-[0-9a-f]+\.mp4/g)).size, 2, media);
});

test('what is no film, or cannot be played, says why', async () => {
  const media = process.env['LIVETAPE_MEDIA'] ?? '../shared/media';
  const cases: [Buffer, string, string][] = [[randomBytes(70_000), 'noise.mp4', 'unknown_format'], [await readFile(`${media}/fmp4/encrypted/cbcs.mp4`), 'cbcs.mp4', 'protected'],
    [await readFile(`${media}/hls-ts/sample-aes/bear-640x360-video-2.ts`), 'sample-aes.ts', 'protected'], [await readFile(`${media}/ts/codecs/ac3.ts`), 'ac3.ts', 'unplayable']];
  for (const [bytes, name, reason] of cases) {
    const { state, reason: told, recording } = await uploaded(bytes, name);
    assert.deepEqual([state, told], ['failed', reason], name);
    assert.equal((await call('GET', `${edge}/v1/recordings/${recording}`)).body.error.code, 'unknown_recording');
  }
});
