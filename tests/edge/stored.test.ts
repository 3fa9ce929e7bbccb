// What a finished recording takes in R2, whatever its bitrate: what was sent, and a twentieth at most.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { samplePath } from '../media/sample.ts';
import { runTool } from '../media/tool.ts';
import { Runtime } from './runtime.ts';
import { until } from './until.ts';

const runtime = await Runtime.create('LIVETAPE_PACK_GRACE:1');
process.env['LIVETAPE_EDGE'] = runtime.address;
process.env['LIVETAPE_API_KEY'] = runtime.apiKey;
const { call, contentDigest, create, finish, takenApart } = await import('./edge.ts');
const folder = await mkdtemp(join(tmpdir(), 'livetape-stored-'));
after(async () => {
  await runtime.remove();
  await rm(folder, { recursive: true, force: true });
});

const encodings = {
  'pictures and sound at 200 kb/s': ['-c:v', 'libx264', '-preset', 'ultrafast', '-b:v', '150k', '-g', '100', '-c:a', 'aac', '-b:a', '48k'],
  'sound alone at 64 kb/s': ['-vn', '-c:a', 'aac', '-b:a', '64k'],
  'sound alone at 24 kb/s': ['-vn', '-c:a', 'aac', '-b:a', '24k'],
};

for (const [name, codecs] of Object.entries(encodings)) {
  test(`${name}: at most 1.05 of what was sent is stored`, { timeout: 90_000 }, async () => {
    const path = join(folder, 'film.mp4');
    const fragments = ['-movflags', '+empty_moov+default_base_moof', '-frag_duration', '4000000', '-min_frag_duration', '4000000'];
    await runTool('ffmpeg', ['-v', 'error', '-y', '-stream_loop', '9', '-i', samplePath, ...codecs, ...fragments, path]);
    const film = takenApart(await readFile(path), 4);
    const recording = await create();
    await call('PUT', `${recording.ingest_url}/configs/${film.config}`, { token: recording.ingest_token, body: film.init });
    for (const [seq, { bytes }] of film.fragments.entries()) {
      const headers = { 'Content-Digest': contentDigest(bytes), 'Livetape-Config': film.config };
      const answer = await call('PUT', `${recording.ingest_url}/objects/main/${seq}`, { token: recording.ingest_token, body: bytes, headers });
      assert.equal(answer.status, 201, JSON.stringify(answer.body));
    }
    const stored = (under: string): { key: string; size: number }[] => runtime.stored(`rec/${recording.id}/${under}`);
    const sum = (files: readonly { size: number }[]): number => files.reduce((all, { size }) => all + size, 0);
    const sent = film.init.length + sum(stored('obj/'));
    await finish(recording);
    await until('the objects are in packs alone', () => stored('obj/').length === 0);
    assert.ok(sum(stored('')) <= 1.05 * sent, `${sum(stored(''))} bytes are stored of ${sent}`);
  });
}
