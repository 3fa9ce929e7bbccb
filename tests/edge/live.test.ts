// A recording played as live: what ffmpeg reads across rounds, and what is not on air yet.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { samplePath } from '../media/sample.ts';
import { complaints, runTool } from '../media/tool.ts';
import { apiKey, call, edge, playlist, recordSample, type Recording } from './edge.ts';

interface Broadcast {
  readonly id: string;
  readonly start: number;
  readonly playback: { readonly hls: string; readonly ts: string };
}

let recording: Recording;
let folder = '';

before(async () => {
  recording = await recordSample({ title: 'played as live' });
  folder = await mkdtemp(join(tmpdir(), 'livetape-live-'));
});

after(() => rm(folder, { recursive: true }));

/** A broadcast that began `seconds` ago. */
async function broadcast(seconds: number, repeat = true): Promise<Broadcast> {
  const body = JSON.stringify({ start: Date.now() - seconds * 1000, loop: repeat });
  const answer = await call('POST', `${recording.ingest_url}/broadcasts`, { token: apiKey, body });
  assert.equal(answer.status, 201);
  return answer.body as Broadcast;
}

interface Listed {
  readonly number: number;
  readonly duration: number;
  /** Unix milliseconds. */
  readonly date: number;
}

interface Window {
  readonly sequence: number;
  readonly target: number;
  readonly segments: Listed[];
  readonly text: string;
}

async function window(url: string): Promise<Window> {
  const text = await playlist(url);
  const tag = (name: string): number => Number(new RegExp(`#EXT-X-${name}:(\\d+)`).exec(text)?.[1]);
  const listed = /#EXT-X-PROGRAM-DATE-TIME:(\S+)\n#EXTINF:([\d.]+),\n(\d+)\.(?:ts|m4s)/g;
  const segments = [...text.matchAll(listed)].map(([, date, duration, number]) => ({
    number: Number(number),
    duration: Number(duration),
    date: Date.parse(String(date)),
  }));
  return { sequence: tag('MEDIA-SEQUENCE'), target: tag('TARGETDURATION'), segments, text };
}

const video = (live: Broadcast): string => live.playback.hls.replace('index.m3u8', 'video/index.m3u8');
const audio = (live: Broadcast): string => live.playback.hls.replace('index.m3u8', 'audio/index.m3u8');

test('windows have the right numbers, dates and lengths, and all renditions agree', async () => {
  const live = await broadcast(3 * 16 + 3);
  const windows = await Promise.all([live.playback.ts, video(live), audio(live)].map(window));
  const elapsed = (Date.now() - live.start) / 1000;
  for (const { sequence, target, segments, text } of windows) {
    assert.equal(target, 2);
    assert.equal(segments.length, 6);
    assert.equal(segments[0]?.number, sequence);
    const end = (sequence + 6) * 2;
    assert.ok(end <= elapsed && elapsed < end + 3, `${end} of ${elapsed}`);
    assert.doesNotMatch(text, /DISCONTINUITY|ENDLIST|GAP/);
    segments.forEach((segment, at) => {
      assert.equal(segment.number, sequence + at);
      assert.ok(Math.abs(segment.date - live.start - segment.number * 2000) <= 22, 'starts within one AAC frame of its pictures');
      const next = segments[at + 1];
      if (next) assert.ok(Math.abs(next.date - segment.date - segment.duration * 1000) <= 1);
    });
  }
});

const demo = process.env['LIVETAPE_DEMO'];

test('the demo page is told where its stream is', { skip: demo ? false : 'no LIVETAPE_DEMO' }, async () => {
  const { status, body } = await call('GET', `${edge}/v1/demo`);
  assert.equal(status, 200);
  const base = `${new URL(edge).origin}/v1/play/${demo}`;
  assert.deepEqual(body, { ts: `${base}/ts/index.m3u8`, fmp4: `${base}/index.m3u8`, template: 'pub_demo' });
});

test('the multivariant playlist has pictures with sound apart', async () => {
  const live = await broadcast(20);
  const text = await playlist(live.playback.hls);
  assert.match(text, /#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="Audio",URI="audio\/index\.m3u8",DEFAULT=YES,AUTOSELECT=YES,CHANNELS="2"\n/);
  assert.match(text, /#EXT-X-STREAM-INF:BANDWIDTH=\d+,AVERAGE-BANDWIDTH=\d+,CODECS="avc1\.64001e,mp4a\.40\.2",RESOLUTION=640x360,FRAME-RATE=25\.000,AUDIO="audio"\nvideo\/index\.m3u8\n/);
});

test('what is not over yet is not on air; what was stays', async () => {
  const live = await broadcast(20);
  const { sequence } = await window(live.playback.ts);
  const base = live.playback.ts.replace('ts/index.m3u8', '');
  for (const path of ['ts/#.ts', 'video/#.m4s', 'audio/#.m4s']) {
    const url = (number: number): string => base + path.replace('#', String(number));
    for (const ahead of [sequence + 7, sequence + 100, 2 ** 52]) {
      const future = await call('GET', url(ahead));
      assert.deepEqual([future.status, future.body.error.code], [404, 'not_on_air']);
      assert.equal(future.headers.get('cache-control'), 'no-store', 'soon it will be there');
    }
    const now = await fetch(url(sequence));
    assert.equal(now.status, 200);
    assert.equal(now.headers.get('content-length'), String((await now.arrayBuffer()).byteLength));
  }
});

test('a broadcast without loop ends, and one that has not begun has not started', async () => {
  const over = await broadcast(100, false);
  const { text, sequence, segments } = await window(over.playback.ts);
  assert.match(text, /\n#EXT-X-ENDLIST\n$/);
  assert.deepEqual([sequence, segments.length], [2, 6]);
  const early = await broadcast(-3600);
  const answer = await call('GET', early.playback.ts);
  assert.deepEqual([answer.status, answer.body.error.code], [503, 'not_started']);
});

test('a player that comes just before the first segment is kept waiting and gets it', async () => {
  const soon = await broadcast(0);
  const { sequence, segments } = await window(soon.playback.ts);
  assert.deepEqual([sequence, segments.length], [0, 1]);
});

/** What ffprobe says of every packet of a kind: time in seconds and SHA-256. */
async function packets(file: string, kind: 'v' | 'a'): Promise<{ time: number; hash: string }[]> {
  const { stdout } = await runTool('ffprobe', [
    '-v', 'error', '-select_streams', `${kind}:0`, '-show_packets', '-show_data_hash', 'sha256', '-show_entries', 'packet=pts_time,data_hash', '-of', 'json', file,
  ]);
  const { packets: found } = JSON.parse(stdout.toString()) as { packets: { pts_time: string; data_hash: string }[] };
  return found.map((packet) => ({ time: Number(packet.pts_time), hash: packet.data_hash }));
}

/** ffmpeg's own reading of live fMP4 by HLS skips the init segment that it fetches again at each reload, and says so. */
const harmless = /Found duplicated MOOV Atom\. Skipped it/;

/** Pulls `seconds` of a stream without touching the packets; ffmpeg may say nothing. */
async function pull(url: string, file: string, seconds: number): Promise<void> {
  const { stderr } = await runTool('ffmpeg', ['-v', 'level+warning', '-live_start_index', '0', '-i', url, '-map', '0', '-t', String(seconds), '-c', 'copy', file]);
  assert.deepEqual(complaints(stderr).filter((line) => !harmless.test(line)), [], url);
  const decoded = await runTool('ffmpeg', ['-v', 'level+warning', '-i', file, '-map', '0', '-f', 'null', '-']);
  assert.deepEqual(complaints(decoded.stderr), [], file);
}

/** Index in the sample of each pulled sound packet: each is the successor of the one before, also across rounds. */
async function checkSound(file: string): Promise<void> {
  const source = (await packets(samplePath, 'a')).map((packet) => packet.hash);
  const numbers = new Map(source.map((hash, number) => [hash, number]));
  assert.equal(numbers.size, 750, 'every packet of the sample is different');
  // ffmpeg's TS reader keeps ADTS headers: take them off as a remux to MP4 does.
  const bare = file.endsWith('.ts') ? `${file}.mp4` : file;
  if (bare !== file) await runTool('ffmpeg', ['-v', 'error', '-i', file, '-map', '0:a', '-c', 'copy', '-bsf:a', 'aac_adtstoasc', bare]);
  const pulled = await packets(bare, 'a');
  assert.ok(pulled.length > 300, `${pulled.length} packets`);
  let wraps = 0;
  pulled.forEach((packet, at) => {
    const number = numbers.get(packet.hash);
    assert.notEqual(number, undefined, `packet ${at} is one of the sample's`);
    const previous = pulled[at - 1];
    if (!previous) return;
    assert.equal(number, (Number(numbers.get(previous.hash)) + 1) % 750, `packet ${at}`);
    if (number === 0) wraps += 1;
    assert.ok(Math.abs(packet.time - previous.time - 1024 / 48000) < 0.0011, `time of packet ${at}`);
  });
  assert.equal(wraps, 1, 'the pull went across the end of a round');
}

async function checkPictures(file: string): Promise<void> {
  const times = (await packets(file, 'v')).map((packet) => packet.time).sort((a, b) => a - b);
  assert.ok(times.length > 180, `${times.length} pictures`);
  // The end is cut by decode time: of the last pictures some may be missing.
  for (let at = 1; at < times.length - 3; at += 1) {
    const step = Number(times[at]) - Number(times[at - 1]);
    assert.ok(Math.abs(step - 0.04) < 0.0011, `${step} s before picture ${at}`);
  }
}

// Both windows begin 2 s to 4 s before a round's end.
for (const [name, seconds] of [['', 26], [' where the 33-bit clock wraps', 5964 * 16 + 26]] as const) {
  test(`ffmpeg pulls the transport stream across rounds${name} and has nothing to say`, async () => {
    const file = join(folder, `${seconds}.ts`);
    await pull((await broadcast(seconds)).playback.ts, file, 9);
    await checkSound(file);
    await checkPictures(file);
  });
}

test('ffmpeg pulls fragmented MP4 across rounds and has nothing to say', async () => {
  const file = join(folder, 'pulled.mp4');
  await pull((await broadcast(26)).playback.hls, file, 9);
  await checkSound(file);
  await checkPictures(file);
});
