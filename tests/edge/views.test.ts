// Ranges of a recording's time, sound alone, keyframes alone, playlists that leave out what is known.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import HLS from 'hls-parser';
import { readFrames } from '../media/frames.ts';
import { complaints, runTool } from '../media/tool.ts';
import { apiKey, call, create, edge, finish, playlist, putConfig, putEndless, recordSample, type Recording } from './edge.ts';

HLS.setOptions({ strictMode: true });

/** Seconds that each picture of the sample lasts. */
const picture = 0.04;
/**
 * A playlist as the strict parser reads it. It knows EXT-X-SERVER-CONTROL from the first Low-Latency HLS only, in which CAN-BLOCK-RELOAD
 * was mandatory; RFC 8216bis 4.4.3.8 has CAN-SKIP-UNTIL without it.
 */
const strictly = (text: string): ReturnType<typeof HLS.parse> => HLS.parse(text.replace('CONTROL:CAN-SKIP', 'CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP'));

/** When the dated recording's first picture was. */
const began = Date.UTC(2026, 0, 2, 3, 4, 5, 0);

let whole: Recording;
/** Sixty seconds that are not finished, with dates. */
let live: Recording;

before(async () => {
  whole = await recordSample();
  live = await create();
  await putConfig(live);
  for (let seq = 0; seq < 30; seq += 1) await putEndless(live, seq, began);
});

const play = (recording: Recording, file: string): string => `${edge}/v1/play/${recording.id}/${file}`;
const uris = (text: string): string[] => text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
const seconds = (text: string): number => [...text.matchAll(/#EXTINF:([\d.]+),/g)].reduce((sum, match) => sum + Number(match[1]), 0);

/** Numbers of the pictures that are to be seen: those that decoding alone needs last next to nothing. */
async function shown(url: string): Promise<number[]> {
  const { frames, messages } = await readFrames(url);
  assert.deepEqual(messages, [], url);
  const lasting = frames.filter((frame, index) => (frames[index + 1]?.pts ?? Infinity) - frame.pts > picture / 2);
  return lasting.map((frame) => frame.number ?? -1);
}

const numbers = (first: number, end: number): number[] => Array.from({ length: end - first }, (_, index) => first + index);

test('a range of HLS shows exactly its pictures, each once', async () => {
  for (const [first, end] of [[137, 263], [1, 399], [50, 150], [99, 101], [300, 400]] as const) {
    const range = `start=${(first * picture).toFixed(2)}&end=${(end * picture).toFixed(2)}`;
    const media = await playlist(play(whole, `media.m3u8?${range}`));
    assert.ok(Math.abs(seconds(media) - (end - first) * picture) < 1e-6, media);
    assert.match(media, /#EXT-X-ENDLIST\n$/);
    const seen = await shown(play(whole, `index.m3u8?${range}`));
    // What is decoded and shown behind the end comes last: nothing follows that would tell how long it lasts.
    const last = seen.at(-1) ?? -1;
    assert.deepEqual(last >= end ? seen.slice(0, -1) : seen, numbers(first, end), range);
  }
});

test('a range of MP4 shows exactly its pictures, and its tag stays as the recording grows', async () => {
  assert.deepEqual(await shown(play(whole, 'video.mp4?start=5.48&end=10.52')), numbers(137, 263));
  const recording = await create();
  await putConfig(recording);
  for (let seq = 0; seq < 4; seq += 1) await putEndless(recording, seq);
  const tag = async (query: string): Promise<string | null> => (await fetch(play(recording, `video.mp4${query}`), { method: 'HEAD' })).headers.get('etag');
  const [clip, all] = [await tag('?start=1&end=5'), await tag('')];
  await putEndless(recording, 4);
  assert.equal(await tag('?start=1&end=5'), clip);
  assert.notEqual(await tag(''), all);
});

test('while it is recorded: by seconds and by date, open and with an end that is to come', async () => {
  const bySeconds = await playlist(play(live, 'media.m3u8?start=5.48&end=10.52'));
  const date = (offset: number): string => new Date(began + offset * 1000).toISOString();
  const byDate = await playlist(play(live, `media.m3u8?start=${date(5.48)}&end=${date(10.52)}`));
  assert.equal(byDate, bySeconds);
  assert.match(byDate, /#EXT-X-PROGRAM-DATE-TIME:2026-01-02T03:04:10\.480Z\n/);
  const zone = date(5.48).replace('Z', '+00:00');
  assert.equal(await playlist(play(live, `media.m3u8?start=${zone}&end=10.52`)), bySeconds, 'a zone, its plus sign as it is');
  const open = await playlist(play(live, 'media.m3u8?start=50&end=70'));
  assert.doesNotMatch(open, /ENDLIST/);
  assert.ok(Math.abs(seconds(open) - 10) < 1e-6);
  const main = await playlist(play(live, `index.m3u8?start=${date(50)}`));
  const [media] = uris(main);
  assert.match(media ?? '', /^media\.m3u8\?start=/);
  assert.ok(Math.abs(seconds(await playlist(play(live, media ?? ''))) - 10) < 1e-6);
});

test('what is not there is refused with its code', async () => {
  const cases = [
    [whole, 'index.m3u8?start=x', 400, 'bad_request'], [whole, 'media.m3u8?end=-1', 400, 'bad_request'], [whole, 'audio.m4a?start=2026-13-01T00:00:00Z', 400, 'bad_request'],
    [whole, 'media.m3u8?start=16', 404, 'nothing_recorded'], [whole, 'video.mp4?start=5&end=5', 404, 'nothing_recorded'], [whole, 'index.m3u8?start=2026-01-01T00:00:00Z', 404, 'no_such_view'],
    [whole, 'main/3.m4s?from=soon', 400, 'bad_request'], [whole, 'main/8.m4s?from=1', 404, 'unknown_object'], [whole, 'iframes/8.m4s', 404, 'unknown_object'],
    [whole, 'iframes/init-0000000000000000.mp4', 404, 'unknown_config'], [whole, 'main/3.m4s?from=99000000', 404, 'no_such_view'],
  ] as const;
  for (const [recording, file, status, code] of cases) {
    const answer = await call('GET', play(recording, file));
    assert.deepEqual([answer.status, answer.body.error.code], [status, code], file);
  }
});

test('sound alone: every packet, moov first, ranges, tags', async () => {
  const url = play(whole, 'audio.m4a');
  const packets = async (input: string): Promise<string[]> => {
    const { stdout, stderr } = await runTool('ffprobe', ['-v', 'warning', '-select_streams', 'a', '-show_packets', '-show_data_hash', 'sha256', '-show_entries', 'packet=data_hash', '-of', 'csv=p=0', input]);
    assert.equal(stderr, '');
    return stdout.toString().trim().split('\n');
  };
  assert.deepEqual(await packets(url), await packets(whole.playback.mp4));
  const kinds = await runTool('ffprobe', ['-v', 'error', '-show_entries', 'stream=codec_type:format=duration', '-of', 'csv=p=0', url]);
  assert.match(kinds.stdout.toString(), /^audio\n16\.0/);
  const answer = await fetch(url);
  const bytes = Buffer.from(await answer.arrayBuffer());
  assert.equal(answer.headers.get('content-type'), 'audio/mp4');
  assert.equal(answer.headers.get('content-length'), String(bytes.length));
  assert.ok(bytes.indexOf('moov') < bytes.indexOf('mdat'));
  const etag = answer.headers.get('etag') ?? '';
  assert.match(etag, /^"[0-9a-f]{32}"$/);
  const part = await fetch(url, { headers: { Range: 'bytes=1000-1999', 'If-Range': etag } });
  assert.equal(part.status, 206);
  assert.equal(part.headers.get('content-range'), `bytes 1000-1999/${bytes.length}`);
  assert.ok(Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(1000, 2000)));
  assert.equal((await fetch(url, { headers: { 'If-None-Match': etag } })).status, 304);
  const head = await fetch(url, { method: 'HEAD' });
  assert.deepEqual([head.headers.get('content-length'), head.headers.get('etag')], [String(bytes.length), etag]);
  const clip = await runTool('ffmpeg', ['-v', 'level+warning', '-i', `${url}?start=3&end=5`, '-f', 's16le', '-ac', '1', '-ar', '48000', '-']);
  assert.deepEqual(complaints(clip.stderr), []);
  assert.ok(Math.abs(clip.stdout.length / 2 / 48_000 - 2) < 0.05, `${clip.stdout.length / 2 / 48_000} s`);
  const named = await fetch(`${url}?download=song`, { method: 'HEAD' });
  assert.match(named.headers.get('content-disposition') ?? '', /filename="song\.m4a"/);
});

test('a strict parser takes every playlist, and an update is short and says the same', async () => {
  const broadcast = await call('POST', `${whole.ingest_url}/broadcasts`, { token: apiKey, body: JSON.stringify({ start: Date.now() - 20_000, loop: true }) });
  const air = (file: string): string => `${edge}/v1/play/${broadcast.body.id}/${file}`;
  const parsed = new Map<string, ReturnType<typeof HLS.parse>>();
  for (const url of [
    ...['index.m3u8', 'media.m3u8', 'iframes.m3u8', 'index.m3u8?start=3', 'media.m3u8?start=3.3&end=7.7', 'iframes.m3u8?start=3.3'].flatMap((file) => [play(whole, file), play(live, file)]),
    ...['index.m3u8', 'video/index.m3u8', 'audio/index.m3u8', 'ts/index.m3u8'].map(air),
  ]) parsed.set(url, strictly(await playlist(url)));
  const main = parsed.get(play(live, 'index.m3u8'));
  assert.ok(main?.isMasterPlaylist);
  const variant = main.variants.find((each) => !each.isIFrameOnly);
  assert.equal(variant?.codecs, 'avc1.64001e,mp4a.40.2');
  assert.ok((variant?.bandwidth ?? 0) >= (variant?.averageBandwidth ?? Infinity));
  const text = await playlist(play(live, 'media.m3u8'));
  const update = await playlist(play(live, 'media.m3u8?_HLS_skip=YES'));
  assert.ok(update.length <= 3000, `${update.length} bytes`);
  const [all, some] = [strictly(text), strictly(update)];
  assert.ok(!all.isMasterPlaylist && !some.isMasterPlaylist);
  assert.equal(some.skip, 9);
  assert.equal(some.segments.length + some.skip, all.segments.length);
  const rest = update.slice(update.indexOf('#EXT-X-PROGRAM'));
  assert.ok(rest.length > 1000 && text.endsWith(rest), 'the rest is the same');
});

test('bit rates are what is stored: the worst 3 to 9 s, and all of it', async () => {
  const text = await playlist(whole.playback.hls);
  const list = await call('GET', `${whole.ingest_url}/objects`, { token: whole.ingest_token });
  const sizes: number[] = list.body.objects.map((each: { size: number }) => each.size);
  const rates = [2, 3, 4].flatMap((count) => sizes.slice(count - 1).map((_, at) => sizes.slice(at, at + count).reduce((sum, size) => sum + size, 0) * 4 / count));
  const average = Math.ceil(sizes.reduce((sum, size) => sum + size, 0) / 2);
  assert.match(text, new RegExp(`STREAM-INF:BANDWIDTH=${Math.ceil(Math.max(...rates))},AVERAGE-BANDWIDTH=${average},CODECS="avc1.64001e,mp4a`));
});

test('keyframes alone are pictures that decode', async () => {
  const { frames, messages } = await readFrames(play(whole, 'iframes.m3u8'));
  assert.deepEqual(messages, []);
  assert.deepEqual(frames.map((frame) => frame.number), numbers(0, 8).map((index) => index * 50));
});

test('a range ends by itself when the recording is finished before', async () => {
  const recording = await create();
  await putConfig(recording);
  for (let seq = 0; seq < 3; seq += 1) await putEndless(recording, seq);
  const url = play(recording, 'media.m3u8?start=1&end=60');
  const open = await playlist(url);
  await finish(recording);
  assert.equal(await playlist(url), `${open}#EXT-X-ENDLIST\n`);
});
