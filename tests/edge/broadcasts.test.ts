// Broadcasts that are of a clip, that are stopped, and whose start is changed while players follow them.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { readFrames } from '../media/frames.ts';
import { apiKey, call, edge, playlist, recordSample, type Answer, type Recording } from './edge.ts';
import { launchPlayers, look, played, type Players } from './player_pages.ts';

interface Broadcast {
  readonly id: string;
  readonly state: string;
  readonly start: number;
  readonly end?: number;
  readonly playback: { readonly hls: string; readonly ts: string };
}

let players: Players;
let recording: Recording;

before(async () => {
  [players, recording] = await Promise.all([launchPlayers(), recordSample()]);
});
after(() => players.close());

const ask = (method: string, path: string, body?: object): Promise<Answer> =>
  call(method, `${recording.ingest_url}/${path}`, { token: apiKey, ...(body ? { body: JSON.stringify(body) } : {}) });
/** A broadcast that began `seconds` ago. */
async function broadcast(seconds: number, more: object = {}): Promise<Broadcast> {
  const answer = await ask('POST', 'broadcasts', { start: Date.now() - seconds * 1000, ...more });
  assert.equal(answer.status, 201, JSON.stringify(answer.body));
  return answer.body as Broadcast;
}
async function change(live: Broadcast, body: object): Promise<Broadcast> {
  const answer = await ask('PATCH', `broadcasts/${live.id}`, body);
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  return answer.body as Broadcast;
}
const refused = (answer: Answer, status: number, code: string): void => assert.deepEqual([answer.status, answer.body?.error?.code], [status, code]);

const file = (live: Broadcast, path: string): string => `${edge}/v1/play/${live.id}/${path}`;
/** The window of pictures: its text, its media sequence number and its segments' numbers. */
async function window(live: Broadcast): Promise<{ text: string; sequence: number; numbers: number[] }> {
  const text = await playlist(file(live, 'video/index.m3u8'));
  const numbers = [...text.matchAll(/^(\d+)\.m4s$/gm)].map((match) => Number(match[1]));
  return { text, sequence: Number(/MEDIA-SEQUENCE:(\d+)/.exec(text)?.[1]), numbers };
}
/** Burnt-in numbers of a window's pictures, those that are there for decoding alone left out. */
async function shown(url: string): Promise<(number | null)[]> {
  const { frames, messages } = await readFrames(url, ['-live_start_index', '0']);
  assert.deepEqual(messages, [], url);
  return frames.filter((frame, index) => (frames[index + 1]?.pts ?? Infinity) - frame.pts > 0.02).map((frame) => frame.number);
}
const numbers = (first: number, end: number): number[] => Array.from({ length: end - first }, (_, index) => first + index);

test('they are listed, told, and removed for good', async () => {
  const live = await broadcast(20, { loop: true });
  const soon = await broadcast(-60);
  const { body: list } = await ask('GET', 'broadcasts');
  assert.deepEqual(list.broadcasts.slice(0, 2).map((each: Broadcast) => [each.id, each.state]), [[soon.id, 'scheduled'], [live.id, 'on_air']]);
  assert.deepEqual((await ask('GET', `broadcasts/${live.id}`)).body, live);
  assert.equal((await ask('DELETE', `broadcasts/${soon.id}`)).status, 204);
  refused(await ask('GET', `broadcasts/${soon.id}`), 404, 'unknown_broadcast');
  refused(await call('GET', soon.playback.hls), 404, 'unknown_broadcast');
  assert.notEqual((await broadcast(0)).id, soon.id, 'no id is used again');
  refused(await ask('PATCH', `broadcasts/${live.id}`, { stop: 1 }), 400, 'bad_request');
  refused(await ask('POST', 'broadcasts', { clip: 'clip_0000000000000000000000_1' }), 404, 'unknown_clip');
});

describe('while players follow, side by side', { concurrency: true }, () => {
  test('one that is stopped ends for everybody, and comes no further', async () => {
    const live = await broadcast(20, { loop: true });
    const tab = await players.open(live.playback.hls, 'hls.js');
    const begun = await played(tab, 0.2);
    const before = await window(live);
    const stopped = await change(live, { end: Date.now() - 60_000 });
    assert.ok(stopped.state === 'over' && (stopped.end ?? 0) > Date.now() - 10_000, 'an end in the past is now');
    const { text, sequence } = await window(live);
    assert.match(text, /#EXT-X-ENDLIST\n$/);
    assert.ok(sequence >= before.sequence);
    // hls.js plays what it has been told of, and ends.
    await tab.waitForFunction(() => (document.querySelector('video') as HTMLVideoElement).ended, undefined, { timeout: 30_000 });
    const end = await look(tab);
    assert.deepEqual([end.fatal, end.time >= begun.time], [[], true]);
    await tab.close();
    // ffmpeg reads to the end, and is done.
    assert.equal((await shown(live.playback.ts)).length, 300);
    assert.equal((await window(live)).text, text, 'nothing comes any more');
    const never = await broadcast(-60);
    await change(never, { end: Date.now() });
    refused(await call('GET', never.playback.ts), 404, 'not_on_air');
  });

  test('a start that is changed while it runs: nobody goes back, nobody sees what is to come, all see the same', async () => {
    const live = await broadcast(7, { loop: true });
    // The programme begins again, two seconds from now.
    const retimed = await change(live, { start: Date.now() + 2_000 });
    assert.equal(retimed.state, 'scheduled');
    const before = await window(live);
    const last = before.numbers.at(-1) ?? 0;
    assert.ok(before.sequence === 0 && last >= 2, before.text);
    const bytes = async (number: number): Promise<Buffer> => Buffer.from(await (await fetch(file(live, `video/${number}.m4s`))).arrayBuffer());
    const kept = await bytes(last);
    for (const ahead of [1, 2, 5, 1000]) refused(await call('GET', file(live, `video/${last + ahead}.m4s`)), 404, 'not_on_air');
    let now = await window(live);
    for (const from = Date.now(); !now.numbers.includes(last + 1); now = await window(live)) assert.ok(Date.now() - from < 10_000);
    const changed = new RegExp(`\n${last}\\.m4s\n#EXT-X-DISCONTINUITY\n#EXT-X-PROGRAM-DATE-TIME:(\\S+)\n#EXTINF:\\S+\n${last + 1}\\.m4s\n`).exec(now.text);
    assert.ok(changed, now.text);
    assert.ok(Math.abs(Date.parse(String(changed[1])) - retimed.start) <= 1, 'it says when it was on air');
    const same = new Set((await Promise.all(Array.from({ length: 8 }, () => bytes(last + 1)))).map((each) => each.toString('base64')));
    assert.equal(same.size, 1, 'all see the same');
    assert.equal((await bytes(0)).length, (await bytes(last + 1)).length, 'it begins with the same two seconds');
    assert.ok((await bytes(last)).equals(kept), 'what was on air stays');
  });

  for (const player of ['hls.js', 'shaka'] as const) {
    test(`${player} follows a broadcast whose start is changed`, async () => {
      const live = await broadcast(21, { loop: true });
      const tab = await players.open(live.playback.hls, player);
      const begun = await played(tab, 0.2);
      // Five seconds further on.
      await change(live, { start: live.start - 5_000 });
      const later = await played(tab, begun.time + 7);
      assert.deepEqual(later.fatal, []);
      assert.ok(later.time >= begun.time + 7);
      const { text, sequence } = await window(live);
      assert.ok(sequence >= 4 && /DISCONTINUITY/.test(text), text);
      await tab.close();
    });
  }

  test('a clip is played as live: its pictures, each once, and again with loop', async () => {
    const { body: clip } = await ask('POST', 'clips', { start: 5.48, end: 10.52 });
    const over = await broadcast(60, { clip: clip.id });
    assert.deepEqual([over.state, (over as unknown as { clip: string }).clip], ['over', clip.id]);
    for (const url of [over.playback.hls, over.playback.ts]) {
      const seen = await shown(url);
      // What is decoded and shown behind the end comes last: nothing follows that would tell how long it lasts.
      assert.deepEqual((seen.at(-1) ?? 0) >= 263 ? seen.slice(0, -1) : seen, numbers(137, 263), url);
    }
    const { text } = await window(over);
    const length = [...text.matchAll(/#EXTINF:([\d.]+)/g)].reduce((sum, match) => sum + Number(match[1]), 0);
    // With what decoding needs before it, and the picture behind its end.
    assert.ok(length >= 5.04 && length < 5.1, text);
    const again = await broadcast(11, { clip: clip.id, loop: true });
    const round = await window(again);
    assert.ok((round.text.match(/EXT-X-DISCONTINUITY\n/g)?.length ?? 0) >= 1, round.text);
    const tab = await players.open(again.playback.hls, 'hls.js');
    const begun = await played(tab, 0.2);
    assert.deepEqual((await played(tab, begun.time + 6)).fatal, [], 'across the end of a round');
    await tab.close();
  });
});
