// What `livetape remux` writes, read by ffprobe, mediabunny and mp4box.js: not a complaint, and the same samples in all three.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { makeOutputs, type Outputs } from './outputs.ts';
import { byFfprobe, byMediabunny, byMp4box, type ReadSample } from './readers.ts';
import { remux, type Remuxed } from './remux.ts';

/** Half a tick of 90 kHz and what ffprobe's six decimal places leave out, in seconds. */
const rounding = 7e-6;

let folder: string;
let outputs: Outputs;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'livetape-readers-'));
  outputs = await makeOutputs(folder);
});

after(async () => {
  if (folder) await rm(folder, { recursive: true });
});

/** `found` has the samples of `expected`, all of them `shift` seconds later. */
function assertSame(found: readonly ReadSample[], expected: readonly ReadSample[], shift: number, where: string): void {
  assert.equal(found.length, expected.length, `${where}: samples`);
  found.forEach((sample, index) => {
    const other = expected[index];
    assert.ok(other);
    assert.deepEqual([sample.size, sample.sync], [other.size, other.sync], `${where}: size and sync of sample ${index}`);
    assert.ok(Math.abs(sample.time - other.time - shift) < rounding, `${where}: sample ${index} at ${sample.time}, not ${other.time + shift}`);
  });
}

/** The readers agree about every file, and each reports as many samples as the command did. */
async function assertAgreed({ files }: Remuxed): Promise<void> {
  assert.ok(files.length > 0);
  for (const { path, tracks } of files) {
    const [raw, edited] = await Promise.all([byFfprobe(path, true), byFfprobe(path)]);
    const [bunny, box] = [await byMediabunny(path), await byMp4box(path)];
    for (const [reader, { complaints }] of Object.entries({ raw, edited, bunny, box })) assert.deepEqual(complaints, [], `${path}: ${reader}`);
    for (const kind of ['video', 'audio'] as const) {
      const counted = tracks.filter((track) => track.kind === kind).map(({ samples }) => samples);
      assert.deepEqual(raw[kind].length > 0 ? [raw[kind].length] : [], counted, `${path}: ${kind} as reported`);
      assertSame(box[kind], raw[kind], 0, `${path}: ${kind} in mp4box.js`);
      // Before the first thing presented ffprobe leaves packets out: the edit list's shift is that of the last.
      const shift = (edited[kind].at(-1)?.time ?? 0) - (raw[kind].at(-1)?.time ?? 0);
      assertSame(bunny[kind], raw[kind], shift, `${path}: ${kind} in mediabunny`);
    }
  }
}

const streams: readonly (readonly [keyof Outputs, string, readonly string[]])[] = [
  ['stream', 'a transport stream', []],
  ['wrapped', 'a clock that wraps', []],
  ['beheaded', 'a start in mid-packet', ['lost_sync', 'not_decodable']],
  ['fragments', 'fragmented MP4', []],
  ['fragmented', 'as fragmented MP4', []],
  ['hevc', 'H.265', []],
  ['changed', 'a discontinuity with another configuration', ['missing_media', 'configuration_change']],
  ['resized', 'a discontinuity with pictures of another size', []],
  ['broken', 'a gap and a missing segment', ['gap', 'segment_missing', ...Array<string>(4).fill('missing_media')]],
  ['clip', 'a clip', []],
];

for (const [name, title, warnings] of streams) {
  test(`${title}: three readers agree, and nothing is told but what is so`, async () => {
    assert.deepEqual(outputs[name].warnings, warnings);
    await assertAgreed(outputs[name]);
  });
}

test('every picture of a stream is there once, whatever was done to it', async () => {
  for (const name of ['stream', 'wrapped', 'fragments', 'fragmented'] as const) {
    const [file] = outputs[name].files;
    assert.ok(file);
    const { video } = await byMediabunny(file.path);
    const times = video.map(({ time }) => time).sort((a, b) => a - b);
    const [first] = times;
    assert.equal(times.length, 400, name);
    times.forEach((time, index) => assert.ok(Math.abs(time - (first ?? NaN) - index / 25) < rounding, `${name}: picture ${index} at ${time}`));
  }
});

/** Real streams by others, a kind each. */
const fixtures: readonly (readonly string[])[] = [
  ['hls-ts/rollover/playlist.m3u8'],
  ['hls-ts/discontinuity/playlist-video.m3u8'],
  ['hls-ts/h265-aac/media.m3u8'],
  ['hls-ts/teletext-live/test_teletext_live.ts'],
  ['fmp4/cmaf-av/playlist.m3u8'],
];

for (const inputs of fixtures) {
  const title = `${inputs[0]}: three readers agree`;
  const media = process.env['LIVETAPE_MEDIA'];
  test(title, { skip: media ? false : 'no fixtures (LIVETAPE_MEDIA)' }, async () => {
    assert.ok(media);
    await assertAgreed(await remux(folder, 'fixture', inputs.map((input) => join(media, input))));
  });
}
