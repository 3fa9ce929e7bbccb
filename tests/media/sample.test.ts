// What the demo's live source promises about its own layout; read by a small box walk here and by mediabunny.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { ALL_FORMATS, EncodedPacketSink, FilePathSource, Input } from 'mediabunny';
import { boxes, inside, type Box } from './boxes.ts';
import { samplePath } from './sample.ts';

function only(box: Box, type: string): Buffer {
  const found = inside(box, type);
  assert.equal(found.length, 1, `${type} in ${box.type}`);
  return (found[0] as Box).body;
}

/** One track's part of a fragment: decode time, samples, and where its bytes are in the file. */
function readTraf(traf: Box, moof: Box): { track: number; time: bigint; count: number; begin: number; end: number; offsets: number[] } {
  const tfhd = only(traf, 'tfhd');
  const trun = only(traf, 'trun');
  const tfhdFlags = tfhd.readUInt32BE(0) & 0xffffff;
  assert.equal(tfhdFlags & 0x020001, 0x020000, 'default-base-is-moof and no base data offset');
  const flags = trun.readUInt32BE(0) & 0xffffff;
  const count = trun.readUInt32BE(4);
  let at = 12 + (flags & 0x4 ? 4 : 0);
  let size = 0;
  const offsets: number[] = [];
  for (let sample = 0; sample < count; sample += 1) {
    if (flags & 0x100) at += 4;
    assert.ok(flags & 0x200, 'each sample has its size');
    size += trun.readUInt32BE(at);
    at += 4;
    if (flags & 0x400) at += 4;
    if (flags & 0x800) offsets.push(trun.readInt32BE((at += 4) - 4));
  }
  const begin = moof.start + trun.readInt32BE(8);
  return { track: tfhd.readUInt32BE(4), time: only(traf, 'tfdt').readBigUInt64BE(4), count, begin, end: begin + size, offsets };
}

test('init segment, then eight fragments, each one GOP of video in one run and its sound in another', async () => {
  const top = boxes(await readFile(samplePath));
  const fragments = Array.from({ length: 8 }, () => ['moof', 'mdat']).flat();
  assert.deepEqual(top.map((box) => box.type), ['ftyp', 'moov', ...fragments]);
  let audioTime = 0n;
  top.filter((box) => box.type === 'moof').forEach((moof, fragment) => {
    const mdat = top[top.indexOf(moof) + 1] as Box;
    const [video, audio, ...more] = inside(moof, 'traf').map((traf) => readTraf(traf, moof));
    assert.ok(video && audio && more.length === 0);
    assert.deepEqual([video.track, video.count, video.time], [1, 50, BigInt(fragment) * 25_600n]);
    assert.deepEqual([audio.track, audio.time], [2, audioTime]);
    audioTime += BigInt(audio.count) * 1024n;
    assert.deepEqual([video.begin, video.end, audio.end], [mdat.start + 8, audio.begin, mdat.start + 8 + mdat.body.length]);
    assert.equal(video.offsets[0], 0, 'the keyframe is shown when it is decoded');
    assert.equal(Math.min(...video.offsets), -1024);
  });
  assert.equal(audioTime, 768_000n);
});

test('no edit list, and no movie box but those an init segment needs', async () => {
  const moov = boxes(await readFile(samplePath)).find((box) => box.type === 'moov');
  assert.ok(moov);
  for (const trak of inside(moov, 'trak')) assert.equal(inside(trak, 'edts').length, 0);
  assert.equal(inside(moov, 'mvex').length, 1);
});

test('mediabunny sees 16 s of both tracks from 0, with a keyframe every 50 frames', async () => {
  using input = new Input({ formats: ALL_FORMATS, source: new FilePathSource(samplePath) });
  const video = await input.getPrimaryVideoTrack();
  const audio = await input.getPrimaryAudioTrack();
  assert.ok(video && audio);
  const times: number[] = [];
  const keys: number[] = [];
  for await (const packet of new EncodedPacketSink(video).packets()) {
    if (packet.type === 'key') keys.push(times.length);
    times.push(packet.timestamp);
  }
  assert.deepEqual(keys, [0, 50, 100, 150, 200, 250, 300, 350]);
  times.sort((a, b) => a - b).forEach((time, index) => assert.ok(Math.abs(time - index / 25) < 1e-9, `${index} at ${time}`));
  assert.equal(times.length, 400);
  assert.equal(await video.computeDuration(), 16);
  assert.equal(await audio.getFirstTimestamp(), 0);
  assert.equal(await audio.computeDuration(), 16);
});
