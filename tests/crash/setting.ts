// What every file of tests here begins with: its pages served, and a browser whose profile is on disk.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before } from 'node:test';
import type { Page } from 'playwright-core';
import { serve, type Content, type Site } from '../browser/site.ts';
import { pages as feeding } from './feeding.ts';

/** What is there while the tests of a file run. */
export interface Setting<Running> {
  readonly site: Site;
  /** The file's own; goes with the tests. */
  readonly folder: string;
  readonly profile: string;
  /** A test may put another of the same profile in its place. */
  browser: Running;
}

/** Serves `pages`, unless told those that feed, and starts a browser with a profile before the first test of a file; takes all away after the last. */
export function setUp<Running extends { close(): Promise<unknown> }>(
  start: (profile: string) => Promise<Running>,
  pages: (folder: string) => Promise<Readonly<Record<string, Content>>> = async () => feeding,
): Setting<Running> {
  const setting: Partial<{ -readonly [Name in keyof Setting<Running>]: Setting<Running>[Name] }> = {};
  before(async () => {
    const folder = await mkdtemp(join(tmpdir(), 'livetape-crash-'));
    const profile = join(folder, 'profile');
    Object.assign(setting, { folder, profile });
    setting.site = await serve(await pages(folder));
    setting.browser = await start(profile);
  });
  after(async () => {
    await setting.browser?.close();
    await setting.site?.close();
    if (setting.folder) await rm(setting.folder, { recursive: true, force: true, maxRetries: 5 });
  });
  // All of it is there by the time a test runs.
  return setting as Setting<Running>;
}

/** Crashes a page's tab. */
export async function crash(page: Page): Promise<void> {
  const session = await page.context().newCDPSession(page);
  const crashed = page.waitForEvent('crash');
  session.send('Page.crash').catch(() => undefined);
  await crashed;
}
