// <live-tape> used by keyboard and by what assistive technology is told, in both languages; axe-core finds nothing in any state.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { launchChromium } from '../browser/chromium.ts';
import type { Site } from '../browser/site.ts';
import type {} from '../../www/sdk/src/element.ts';
import { assertAccessible, axeFile, axeScript } from '../pages/accessible.ts';
import { numberAt, serveFed } from '../pages/fed_tape.ts';

let browser: Browser;
let site: Site;

before(async () => {
  const element = `${axeScript}<script type="module" src="/livetape/element.js"></script><main><h1>A page</h1><live-tape for="video" clip="5"></live-tape></main>`;
  [browser, site] = await Promise.all([launchChromium(), serveFed(element, await axeFile())]);
});

after(async () => {
  await browser?.close();
  await site?.close();
});

/** The page with two rounds on the tape; the viewer sees their end. */
async function open(options: { locale?: string; colorScheme?: 'light' | 'dark' } = {}): Promise<Page> {
  const page = await (await browser.newContext({ locale: 'en-US', acceptDownloads: true, ...options })).newPage();
  await page.goto(site.origin);
  await page.locator('live-tape[state=idle]').waitFor();
  await page.evaluate(async () => {
    await fed.feed(2);
    Object.defineProperty(document.querySelector('#video'), 'currentTime', { value: 31.5, configurable: true });
  });
  return page;
}

/** Number on the picture of the past, once it is shown for `time`. */
function pictureOfThePast(page: Page): Promise<number | null> {
  return page.evaluate(() => frameReader.read(document.querySelector('live-tape')?.shadowRoot?.querySelector('video') as HTMLVideoElement));
}

test('by keyboard: rewind, select, clip, back to live; assistive technology is told where one is', { timeout: 60_000 }, async () => {
  const page = await open();
  await assertAccessible(page, 'live');
  const seek = page.getByRole('slider', { name: 'Rewind' });
  assert.equal(await seek.getAttribute('aria-valuetext'), 'Live');
  await seek.focus();
  await page.evaluate(() => void Object.defineProperty(document.querySelector('#video'), 'paused', { value: true }));
  for (let press = 0; press < 2; press += 1) await page.keyboard.press('PageDown');
  await page.keyboard.press('ArrowLeft');
  await page.keyboard.press('Shift+ArrowRight');
  const past = page.locator('live-tape').getByLabel('The past');
  await past.waitFor();
  const { end } = await page.evaluate(() => fed.tape.window);
  const expected = end - 0.5 - 21 + 0.04;
  await page.waitForFunction((time) => {
    const video = document.querySelector('live-tape')?.shadowRoot?.querySelector('video');
    return video && !video.seeking && Math.abs(video.currentTime - time) < 0.001 && frameReader.read(video) !== null;
  }, expected);
  assert.equal(await pictureOfThePast(page), numberAt(expected));
  assert.equal(await seek.getAttribute('aria-valuetext'), '0:21 ago');
  assert.equal(await page.evaluate(() => (document.querySelector('#video') as HTMLVideoElement).muted), true);

  await page.keyboard.press('i');
  for (let press = 0; press < 4; press += 1) await page.keyboard.press('ArrowRight');
  await page.keyboard.press('o');
  await assertAccessible(page, 'in the past, with a selection');
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Clip 0:04' }).press('Enter')]);
  assert.match(download.suggestedFilename(), /^clip-.*\.mp4$/);
  const [picture] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Screenshot' }).press('Enter')]);
  assert.match(picture.suggestedFilename(), /\.jpg$/);
  await page.getByRole('button', { name: 'Back to live' }).press('Enter');
  assert.equal(await seek.getAttribute('aria-valuetext'), 'Live');
  assert.equal(await page.evaluate(() => document.querySelector('live-tape')?.shadowRoot?.activeElement?.id), 'seek');
  assert.equal(await past.isVisible(), false);
  await page.getByRole('button', { name: 'Clear' }).press('Enter');
  assert.ok(await page.getByRole('button', { name: 'Clip last 5 s' }).isVisible());
  await page.context().close();
});

test('an event tells of a clip of exactly what was selected, and of a screenshot of exactly what is shown', { timeout: 60_000 }, async () => {
  const page = await open();
  const seen = await page.evaluate(async () => {
    const element = document.querySelector('live-tape');
    if (!element) throw new Error('no element');
    const told = <Name extends 'livetape-clip' | 'livetape-screenshot'>(name: Name): Promise<HTMLElementEventMap[Name]['detail']> =>
      new Promise((resolve) => addEventListener(name, (event) => resolve((event as HTMLElementEventMap[Name]).detail), { once: true }));
    const press = (id: string): void => element.shadowRoot?.querySelector<HTMLButtonElement>(`#${id}`)?.click();
    await element.show(8);
    element.shadowRoot?.querySelector('video')?.pause();
    await element.show(10.04);
    press('in');
    const shot = told('livetape-screenshot');
    press('screenshot');
    const number = frameReader.read(await createImageBitmap(await shot));
    await element.show(13);
    press('out');
    const clipped = told('livetape-clip');
    press('clip');
    const { start, duration } = await clipped;
    await element.show();
    return { number, start, duration };
  });
  assert.equal(seen.number, numberAt(10.04));
  assert.ok(Math.abs(seen.start - 10.04) < 0.001 && Math.abs(seen.duration - 2.96) < 0.001, `${seen.duration} s from ${seen.start} s`);
  await page.context().close();
});

test('in Chinese, and in the dark: axe finds nothing there either', { timeout: 60_000 }, async () => {
  const page = await open({ locale: 'zh-CN', colorScheme: 'dark' });
  await page.evaluate(() => {
    document.documentElement.lang = 'zh';
    document.documentElement.style.colorScheme = 'dark';
    document.querySelector('live-tape')?.setAttribute('lang', 'zh');
  });
  await page.getByRole('slider', { name: '回看' }).focus();
  await page.keyboard.press('PageDown');
  await page.getByRole('button', { name: '回到直播' }).waitFor();
  await page.keyboard.press('i');
  await assertAccessible(page, 'Chinese, in the past');
  const labels = await page.evaluate(() => [...(document.querySelector('live-tape')?.shadowRoot?.querySelectorAll('button:not([hidden])') ?? [])].map((button) => button.textContent));
  assert.deepEqual(labels.filter((label) => /[a-z]/i.test(label ?? '')), []);
  await page.context().close();
});
