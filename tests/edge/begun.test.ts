// A file whose header is megabytes: it is sent as it was when it was begun, though the recording grows meanwhile, or not to its end.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { apiKey, call, contentDigest, create, endless, finish, putObject, takenApart, type Recording } from './edge.ts';

/** More than one page of objects, and some that are in none. */
const OBJECTS = 140;
/** Pictures a second: so many that minutes have the header of hours. */
const RATE = 2_000;
const SECONDS = 2;

const stream = takenApart(made(), SECONDS);

function made(): Buffer {
  const coding = ['-c:v', 'libx264', '-preset', 'veryfast', '-bf', '2', '-b_strategy', '0', '-g', `${RATE * SECONDS}`, '-keyint_min', `${RATE * SECONDS}`, '-sc_threshold', '0', '-pix_fmt', 'yuv420p'];
  const format = ['-t', `${2 * SECONDS}`, '-movflags', '+frag_keyframe+empty_moov+default_base_moof', '-f', 'mp4', '-'];
  return execFileSync('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-i', `color=size=64x48:rate=${RATE}`, ...coding, ...format]);
}

async function put(recording: Recording, seq: number): Promise<void> {
  const bytes = endless(seq, stream);
  const answer = await putObject(recording, seq, bytes, { 'Livetape-Config': stream.config, 'Content-Digest': contentDigest(bytes) });
  assert.equal(answer.status, 201);
}

async function record(objects: number): Promise<Recording> {
  const recording = await create();
  const config = await call('PUT', `${recording.ingest_url}/configs/${stream.config}`, { token: recording.ingest_token, body: stream.init });
  assert.equal(config.status, 201);
  for (let seq = 0; seq < objects; seq += 1) await put(recording, seq);
  return recording;
}

/** A file of which the first bytes were read. */
async function begun(url: string): Promise<{ readonly etag: string | null; readonly len: number; rest(): Promise<Buffer> }> {
  const answer = await fetch(url);
  assert.equal(answer.status, 200);
  const reader = (answer.body as ReadableStream<Uint8Array<ArrayBuffer>>).getReader();
  const chunks: Uint8Array[] = [];
  const next = async (): Promise<boolean> => {
    const { done, value } = await reader.read();
    if (value) chunks.push(value);
    return !done;
  };
  assert.ok(await next());
  return {
    etag: answer.headers.get('etag'),
    len: Number(answer.headers.get('content-length')),
    rest: async () => {
      while (await next());
      return Buffer.concat(chunks);
    },
  };
}

const read = async (url: string): Promise<Buffer> => (await begun(url)).rest();

/** All of a file by ranges. */
async function ranges(url: string, len: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  const step = 999_983;
  for (let at = 0; at < len; at += step) {
    const answer = await fetch(url, { headers: { Range: `bytes=${at}-${at + step - 1}` } });
    assert.equal(answer.status, 206);
    parts.push(Buffer.from(await answer.arrayBuffer()));
  }
  return Buffer.concat(parts);
}

test('what was begun is sent to its end as it was, while the recording grows; the whole is its ranges', { timeout: 120_000 }, async () => {
  const recording = await record(OBJECTS);
  const { mp4 } = recording.playback;
  const file = await begun(mp4);
  const before = await read(mp4);
  assert.equal(before.length, file.len);
  assert.ok(before.readUInt32BE(before.indexOf('moov') - 4) > 5_000_000, 'its header is long');
  assert.ok((await ranges(mp4, file.len)).equals(before), 'by ranges');
  const other = await begun(mp4);
  await put(recording, OBJECTS);
  const grown = await begun(mp4);
  assert.notEqual(grown.etag, file.etag);
  assert.ok((await file.rest()).equals(before), 'as it was');
  await put(recording, OBJECTS + 1);
  assert.equal((await finish(recording, { objects: { main: OBJECTS + 2 } })).status, 200);
  assert.ok((await other.rest()).equals(before), 'and after it is finished');
  const after = await grown.rest();
  assert.equal(after.length, grown.len);
  const count = execFileSync('ffprobe', ['-v', 'error', '-count_packets', '-show_entries', 'stream=nb_read_packets', '-of', 'csv=p=0', '-'], { input: after });
  assert.equal(Number(count), (OBJECTS + 1) * RATE * SECONDS);
  const whole = await read(mp4);
  assert.ok((await ranges(mp4, whole.length)).equals(whole), 'finished, by ranges');
  assert.equal((await call('DELETE', recording.ingest_url, { token: apiKey })).status, 204);
});

test('what is deleted while it is sent is cut short, and seen to be', { timeout: 120_000 }, async () => {
  const recording = await record(OBJECTS);
  const file = await begun(recording.playback.mp4);
  assert.equal((await call('DELETE', recording.ingest_url, { token: apiKey })).status, 204);
  await assert.rejects(file.rest());
});
