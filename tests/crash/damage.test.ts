// A left tape whose files are no longer what was written: what is whole is taken out, and the rest is told.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { launchProfile } from '../browser/chromium.ts';
import { continuity, readFrames } from '../media/frames.ts';
import { feed } from './feeding.ts';
import { discardFirst, exportFirst, recover } from './recovering.ts';
import { setUp } from './setting.ts';

const setting = setUp(launchProfile);

/** A tape whose worker has ended, in a page that has done with it. */
async function leave(): Promise<Page> {
  const page = await setting.browser.newPage();
  const feeding = await feed(page, setting.site.origin, 20);
  await feeding.reached(24);
  await page.evaluate(() => workers.forEach((worker) => worker.terminate()));
  return page;
}

/** Changes the byte in the middle of the first file of that kind, or cuts it off there. */
function damage(page: Page, kind: 'reel' | 'journal', how: 'change' | 'cut'): Promise<void> {
  return page.evaluate(
    async ([kind, how]) => {
      const parent = await (await navigator.storage.getDirectory()).getDirectoryHandle('livetape');
      for await (const tape of parent.values()) {
        if (!(tape instanceof FileSystemDirectoryHandle)) continue;
        const handle = await tape.getFileHandle(`000001.${kind}`);
        const file = await handle.getFile();
        const middle = Math.floor(file.size / 2);
        const byte = new Uint8Array(await file.slice(middle, middle + 1).arrayBuffer());
        const writable = await handle.createWritable({ keepExistingData: true });
        if (how === 'cut') await writable.truncate(middle);
        else await writable.write({ type: 'write', position: middle, data: byte.map((value) => value ^ 0x10) });
        await writable.close();
      }
    },
    [kind, how] as const,
  );
}

for (const [kind, how, code] of [['reel', 'change', 'reel_changed'], ['reel', 'cut', 'reel_short'], ['journal', 'change', 'journal_cut']] as const) {
  test(`a ${kind} with a ${how} in its middle: told, and what is whole is there`, { timeout: 60_000 }, async () => {
    const page = await leave();
    await damage(page, kind, how);
    const next = await recover(setting.browser, setting.site.origin);
    const mp4 = await exportFirst(next.page);
    const told = await next.page.evaluate(() => recovered[0]?.damage ?? []);
    assert.ok(told.includes(code), told.join(' '));
    const file = join(setting.folder, `${code}.mp4`);
    await writeFile(file, mp4);
    const { frames, messages } = await readFrames(file);
    assert.deepEqual(messages, []);
    const { doubled, misread, missing } = continuity(frames.map(({ number }) => number));
    assert.deepEqual({ doubled, misread }, { doubled: 0, misread: 0 });
    // A fragment of 50 pictures goes with a byte of it; what is behind a cut goes as a whole.
    assert.ok(missing === (how === 'change' && kind === 'reel' ? 50 : 0), `${missing} pictures are missing`);
    assert.ok(frames.length >= 200, `${frames.length} pictures`);
    await discardFirst(next.page);
    await Promise.all([page.close(), next.page.close()]);
  });
}
