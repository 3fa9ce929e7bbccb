import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { decodeCells, layout } from './cells.ts';
import { continuity, readFrames } from './frames.ts';
import { ffmpegPictureDelay, samplePath } from './sample.ts';
import { runTool } from './tool.ts';

function cellsOf(number: number, check = 15 - (number % 15), sync = 0b1011): number[] {
  const word = (sync << 14) | (number << 4) | check;
  return Array.from({ length: 18 }, (_, cell) => ((word >> (17 - cell)) & 1 ? 235 : 16));
}

test('every number is read back from its own cells', () => {
  for (let number = 0; number < layout.frames; number += 1) assert.equal(decodeCells(cellsOf(number), layout.frames), number);
});

test('one wrong cell is always noticed', () => {
  for (let number = 0; number < layout.frames; number += 1) {
    for (let wrong = 0; wrong < 18; wrong += 1) {
      const cells = cellsOf(number).map((luma, cell) => (cell === wrong ? 251 - luma : luma));
      assert.equal(decodeCells(cells, layout.frames), null, `frame ${number}, cell ${wrong}`);
    }
  }
});

test('black, white, inverted, blended and out-of-range rows are not numbers', () => {
  const row = (luma: number): number[] => new Array<number>(18).fill(luma);
  assert.equal(decodeCells(row(0), layout.frames), null);
  assert.equal(decodeCells(row(255), layout.frames), null);
  assert.equal(decodeCells(cellsOf(123).map((luma) => 255 - luma), layout.frames), null);
  const next = cellsOf(124);
  assert.equal(decodeCells(cellsOf(123).map((luma, cell) => (luma + (next[cell] ?? 0)) / 2), layout.frames), null);
  assert.equal(decodeCells(cellsOf(400), layout.frames), null);
});

test('the sample shows frames 0 to 399, each 40 ms after the one before, and decodes without a message', async () => {
  const { frames, messages } = await readFrames(samplePath);
  assert.deepEqual(messages, []);
  assert.deepEqual(frames.map((frame) => frame.number), Array.from({ length: 400 }, (_, number) => number));
  frames.forEach((frame, index) => assert.ok(Math.abs(frame.pts - index / 25 - ffmpegPictureDelay) < 1e-4, `frame ${index} at ${frame.pts}`));
});

test('numbers survive another size and a coarse encoding', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'livetape-frames-'));
  try {
    const small = join(folder, 'small.ts');
    await runTool('ffmpeg', [
      '-v', 'error', '-i', samplePath, '-t', '4', '-an', '-vf', 'scale=426:240', '-c:v', 'libx264', '-preset', 'ultrafast', '-crf', '36', small,
    ]);
    const { frames } = await readFrames(small);
    assert.ok(frames.length >= 98, `${frames.length} frames`);
    assert.deepEqual(continuity(frames.map((frame) => frame.number)), { frames: frames.length, missing: 0, doubled: 0, misread: 0 });
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('continuity counts what is missing, doubled and misread, and goes round at the loop', () => {
  assert.deepEqual(continuity([398, 399, 0, 1]), { frames: 4, missing: 0, doubled: 0, misread: 0 });
  assert.deepEqual(continuity([10, 11, 14, 15]), { frames: 4, missing: 2, doubled: 0, misread: 0 });
  assert.deepEqual(continuity([10, 11, 11, 12]), { frames: 4, missing: 0, doubled: 1, misread: 0 });
  assert.deepEqual(continuity([10, null, 12, 13]), { frames: 4, missing: 0, doubled: 0, misread: 1 });
  assert.deepEqual(continuity([10, null, 14]), { frames: 3, missing: 2, doubled: 0, misread: 1 });
  assert.deepEqual(continuity([50, 49, 50]), { frames: 3, missing: 0, doubled: 1, misread: 0 });
});
