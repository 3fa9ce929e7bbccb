// <live-tape> while it records at the edge: paused, resumed and marked by keyboard, told to assistive technology, in both languages.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { launchChromium } from '../browser/chromium.ts';
import type { Site } from '../browser/site.ts';
import type {} from '../../www/sdk/src/element.ts';
import { assertAccessible, axeFile, axeScript } from '../pages/accessible.ts';
import { edge, template } from '../pages/edge.ts';
import { serveFed } from '../pages/fed_tape.ts';

let browser: Browser;
let site: Site;

before(async () => {
  const element = `${axeScript}<script type="module" src="/livetape/element.js"></script><main><h1>A page</h1><live-tape for="video" edge="${edge}" template="${template}"></live-tape></main>`;
  [browser, site] = await Promise.all([launchChromium(), serveFed(element, await axeFile())]);
});

after(async () => {
  await browser?.close();
  await site?.close();
});

/** The page in a language, with two rounds on the tape, of which the viewer sees the end. */
async function open(language: string): Promise<Page> {
  const page = await (await browser.newContext({ locale: language })).newPage();
  await page.goto(site.origin);
  await page.locator('live-tape[state=idle]').waitFor();
  await page.evaluate(async (language) => {
    document.documentElement.lang = language;
    document.querySelector('live-tape')?.setAttribute('lang', language);
    await fed.feed(2);
    Object.defineProperty(document.querySelector('#video'), 'currentTime', { value: 31.5, configurable: true });
  }, language);
  return page;
}

/** Id of what has the keyboard's focus in the element. */
const focused = (page: Page): Promise<string | undefined> => page.evaluate(() => document.querySelector('live-tape')?.shadowRoot?.activeElement?.id);

test('a recording is paused, resumed and marked by keyboard, and each is told; axe finds nothing', { timeout: 60_000 }, async () => {
  const page = await open('en');
  const told = (words: string | RegExp): Promise<void> => page.getByRole('status').filter({ hasText: words }).waitFor();
  await page.evaluate(() => {
    const names = ['livetape-pause', 'livetape-resume', 'livetape-mark'] as const;
    globalThis.elementEvents = [];
    for (const name of names) addEventListener(name, (event) => elementEvents.push([name, (event as HTMLElementEventMap[typeof name]).detail.at]));
  });
  await page.getByText(/^(\d+ h )?\d+ min left$/).waitFor();
  assert.equal(await page.getByRole('button', { name: 'Mark' }).isVisible(), false);
  await page.getByRole('button', { name: 'Record' }).press('Enter');
  await page.locator('live-tape[state=recording]').waitFor();
  await assertAccessible(page, 'recording');

  await page.keyboard.press('Tab');
  assert.equal(await focused(page), 'pause');
  await page.keyboard.press('Enter');
  await told('The recording is paused');
  await page.locator('live-tape[paused]').waitFor();
  assert.equal(await focused(page), 'pause', 'the focus stays');
  await assertAccessible(page, 'paused');
  await page.evaluate(() => fed.feed(1));
  await page.getByRole('button', { name: 'Resume recording' }).press('Enter');
  await told(/^Recording$/);
  await page.evaluate(() => fed.feed(1));
  await page.keyboard.press('Tab');
  assert.equal(await focused(page), 'mark');
  await page.keyboard.press('Enter');
  await told('Marker 1 at 0:02');

  // The buttons go when it is over; the focus does not go with them.
  const result = await page.evaluate(async () => {
    const element = document.querySelector('live-tape');
    const stopped = new Promise<{ duration: number; chapters: number }>((resolve) =>
      element?.addEventListener('livetape-stop', ({ detail }) => resolve({ duration: detail.duration, chapters: detail.chapters.length })),
    );
    await element?.stop();
    return { ...(await stopped), seen: globalThis.elementEvents };
  });
  assert.equal(await focused(page), 'record');
  assert.equal(await page.getByRole('button', { name: 'Mark' }).isVisible(), false);
  // From the keyframe at 30 s to 32 s, and the 16 s after the pause.
  assert.ok(Math.abs(result.duration - 18) < 0.05 && result.chapters === 2, JSON.stringify(result));
  const [paused, resumed, marked] = result.seen;
  assert.deepEqual(result.seen.map(([name]) => name), ['livetape-pause', 'livetape-resume', 'livetape-mark']);
  assert.ok(Math.abs((paused?.[1] ?? 0) - 2) < 0.05 && Math.abs((resumed?.[1] ?? 0) - 2) < 0.05 && Math.abs((marked?.[1] ?? 0) - 1.5) < 0.05, JSON.stringify(result.seen));
  await page.context().close();
});

test('the same in Chinese: axe finds nothing, and no word is English', { timeout: 60_000 }, async () => {
  const page = await open('zh');
  await page.getByRole('button', { name: '录制' }).press('Enter');
  await page.getByRole('button', { name: '暂停录制' }).press('Enter');
  await page.getByRole('status').filter({ hasText: '录制已暂停' }).waitFor();
  await page.getByText(/^剩余 (\d+ 小时 )?\d+ 分钟$/).waitFor();
  await page.getByRole('button', { name: '标记' }).press('Enter');
  await page.getByRole('status').filter({ hasText: '第 1 个标记' }).waitFor();
  await assertAccessible(page, 'paused, in Chinese');
  const labels = await page.evaluate(() => [...(document.querySelector('live-tape')?.shadowRoot?.querySelectorAll('button:not([hidden])') ?? [])].map((button) => button.textContent));
  assert.deepEqual(labels.filter((label) => /[a-z]/i.test(label ?? '')), []);
  await page.context().close();
});

declare global {
  /** Events of the recording: what, and where in it. */
  var elementEvents: [name: string, at: number][];
}
