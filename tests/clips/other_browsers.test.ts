// Screenshots in Firefox and WebKitGTK, and what is left of a tape: in Firefox all of it; WebKitGTK has no private file system.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { launchFirefox } from '../browser/firefox.ts';
import type { Site } from '../browser/site.ts';
import { launchWebKit, noWebKit } from '../browser/webkit.ts';
import { continuity, readFrames } from '../media/frames.ts';
import { numberAt, serveFed } from '../pages/fed_tape.ts';

type Sdk = typeof import('../../www/sdk/src/index.ts');

let site: Site;
let folder: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'livetape-other-browsers-'));
  site = await serveFed();
});

after(async () => {
  await site?.close();
  if (folder) await rm(folder, { recursive: true, force: true });
});

interface Page {
  goto(url: string): Promise<unknown>;
  evaluate(script: string): Promise<unknown>;
}

/** A page of the site. */
async function open<Opened extends Page>(browser: { newPage(): Promise<Opened> }): Promise<Opened> {
  const page = await browser.newPage();
  await page.goto(site.origin);
  return page;
}

/** What a function comes to that is run in the page. */
async function run<Result, Given = undefined>(page: Page, script: (given: Given) => Promise<Result>, given?: Given): Promise<Result> {
  return (await page.evaluate(`(${script.toString()})(${JSON.stringify(given)})`)) as Result;
}

/** A tape with a round on it. */
async function tape(): Promise<string> {
  await fed.open(600);
  await fed.feed(1);
  return fed.tape.storage;
}

/** Within a GOP, behind a keyframe, and at the end. */
const moments = [2.02, 3.7, 15.9];

/** Numbers on screenshots of some moments, or the codes of why there are none. */
async function screenshots(moments: readonly number[]): Promise<(string | number | null)[]> {
  const seen: (string | number | null)[] = [];
  for (const time of moments) {
    const shot = fed.tape.screenshot(time, { type: 'image/png' });
    const code = await fed.code(shot);
    seen.push(code === 'none' ? frameReader.read(await createImageBitmap(await shot)) : code);
  }
  return seen;
}

test('Firefox: screenshots are exactly the pictures of their moments; what a closed tab leaves is recovered, whole, and can be discarded', { timeout: 60_000 }, async () => {
  const browser = await launchFirefox();
  try {
    const lost = await open(browser);
    assert.equal(await run(lost, tape), 'opfs');
    assert.deepEqual(await run(lost, screenshots, moments), moments.map(numberAt));
    await lost.close();
    const next = await open(browser);
    const left = await run(next, async () => {
      const { LiveTape } = (await import('/livetape/index.js' as string)) as Sdk;
      const [tape, ...others] = await LiveTape.recover();
      if (!tape) throw new Error('nothing was left');
      const clip = await tape.clip();
      const mp4 = await fed.base64(clip.blob);
      const { duration, damage } = tape;
      await tape.discard();
      return { duration, damage, mp4, others: others.length, after: (await LiveTape.recover()).length };
    });
    assert.deepEqual([left.damage, left.others, left.after], [[], 0, 0]);
    assert.ok(Math.abs(left.duration - 16) < 0.05, `${left.duration} s`);
    const file = join(folder, 'recovered.mp4');
    await writeFile(file, Buffer.from(left.mp4, 'base64'));
    const { frames, messages } = await readFrames(file);
    assert.deepEqual(messages, []);
    assert.deepEqual(continuity(frames.map(({ number }) => number)), { frames: 400, missing: 0, doubled: 0, misread: 0 });
  } finally {
    await browser.close();
  }
});

test('WebKitGTK: screenshots are exactly the pictures of their moments; a tape in memory leaves nothing', { timeout: 60_000, skip: noWebKit }, async () => {
  const browser = await launchWebKit();
  try {
    const page = await open(browser);
    assert.equal(await run(page, tape), 'memory');
    assert.deepEqual(await run(page, screenshots, moments), moments.map(numberAt));
    const next = await open(browser);
    const left = await run(next, async () => {
      const { LiveTape } = (await import('/livetape/index.js' as string)) as Sdk;
      return (await LiveTape.recover()).length;
    });
    assert.equal(left, 0);
  } finally {
    await browser.close();
  }
});
