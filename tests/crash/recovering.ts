// What a page finds of the tapes that others left behind, and whether it is whole.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BrowserContext, Page } from 'playwright-core';
import type { Clip, RecoveredTape } from '../../www/sdk/src/index.ts';
import { audioPackets } from '../media/audio.ts';
import { continuity, readFrames } from '../media/frames.ts';
import { samplePath } from '../media/sample.ts';

type Sdk = typeof import('../../www/sdk/src/index.ts');

/** A tape that was left, as the page sees it. */
export interface Left {
  readonly start: number;
  readonly end: number;
  readonly duration: number;
  readonly bytes: number;
  readonly age: number | undefined;
  readonly tracks: number;
  readonly damage: readonly string[];
  readonly recording: { readonly edge: string; readonly id: string } | undefined;
}

declare global {
  var recovered: RecoveredTape[];
  var held: Clip;
  /** Codes of what the tape has told. */
  var notices: string[];
}

/** A page of the next load, which has asked what there is to recover. */
export async function recover(context: BrowserContext, origin: string): Promise<{ page: Page; left: Left[] }> {
  const page = await context.newPage();
  await page.goto(`${origin}/feed`);
  const left = await page.evaluate(async () => {
    const { LiveTape } = (await import('/livetape/index.js' as string)) as Sdk;
    globalThis.recovered = await LiveTape.recover();
    return recovered.map(({ start, end, duration, bytes, endDate, tracks, damage, recording }) => ({
      start, end, duration, bytes, damage, recording, tracks: tracks.length, age: endDate && Date.now() - endDate.getTime(),
    }));
  });
  return { page, left };
}

/** All bytes of what `blob()` gives of the first tape. */
export async function exportFirst(page: Page): Promise<Buffer> {
  await page.evaluate(async () => {
    const [tape] = recovered;
    if (!tape) throw new Error('there is no tape');
    globalThis.held = await tape.clip();
  });
  return exportHeld(page);
}

/** All bytes of the clip that the page holds. */
export async function exportHeld(page: Page): Promise<Buffer> {
  const size = await page.evaluate(() => held.blob.size);
  const pieces: Buffer[] = [];
  const step = 4 << 20;
  for (let at = 0; at < size; at += step) {
    const text = await page.evaluate(
      ([from, to]) =>
        new Promise<string>((resolve, reject) => {
          const reader = new FileReader();
          reader.onload = () => resolve(String(reader.result));
          reader.onerror = () => reject(reader.error);
          reader.readAsDataURL(held.blob.slice(from, to));
        }),
      [at, at + step] as const,
    );
    pieces.push(Buffer.from(text.slice(text.indexOf(',') + 1), 'base64'));
  }
  return Buffer.concat(pieces);
}

/** Fails unless an MP4 has `seconds` of the endlessly repeated sample, every picture and every packet once and in order. */
export async function assertWhole(mp4: Buffer, seconds: number): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'livetape-recovered-'));
  try {
    const file = join(folder, 'recovered.mp4');
    await writeFile(file, mp4);
    const { frames, messages } = await readFrames(file);
    assert.deepEqual(messages, []);
    assert.ok(Math.abs(frames.length - seconds * 25) <= 1, `${frames.length} pictures in ${seconds} s`);
    assert.deepEqual(continuity(frames.map(({ number }) => number)), { frames: frames.length, missing: 0, doubled: 0, misread: 0 });
    const source = (await audioPackets(samplePath)).map(({ sha256 }) => sha256);
    const packets = (await audioPackets(file)).map(({ sha256 }) => sha256);
    const first = source.indexOf(packets[0] ?? '');
    assert.ok(packets.length > 0 && packets.every((packet, index) => packet === source[(first + index) % source.length]), 'the sound is not whole');
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Removes the first tape. */
export async function discardFirst(page: Page): Promise<void> {
  await page.evaluate(() => recovered[0]?.discard());
}
