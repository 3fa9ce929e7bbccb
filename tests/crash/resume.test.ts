// A recording whose tab crashes, gone on with by the next page; and tapes that two pages would like to have.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { launchProfile } from '../browser/chromium.ts';
import { edge, fetchBytes, recordingState, template } from '../pages/edge.ts';
import { feed, type Feeding } from './feeding.ts';
import { assertWhole, discardFirst, recover } from './recovering.ts';
import { crash, setUp } from './setting.ts';

const setting = setUp(launchProfile);

async function feeding(pause: number): Promise<{ page: Page; feeding: Feeding }> {
  const page = await setting.browser.newPage();
  return { page, feeding: await feed(page, setting.site.origin, pause) };
}

test('a recording whose tab crashed with the network away is finished by the next page, whole', { timeout: 90_000 }, async () => {
  const { page, feeding: own } = await feeding(60);
  await own.reached(4);
  const id = await page.evaluate(async (options) => (await tape.record(options)).id, { edge, template });
  await own.reached(20);
  // From here on nothing arrives.
  await setting.browser.route(`${edge}/**`, (route) => route.abort());
  const { objects } = await recordingState(id);
  await own.reached(40);
  await crash(page);
  await page.close();
  await setting.browser.unroute(`${edge}/**`);

  const next = await recover(setting.browser, setting.site.origin);
  assert.deepEqual(next.left.map(({ recording }) => recording), [{ edge, id }]);
  const result = await next.page.evaluate(() => recovered[0]?.resume());
  const state = await recordingState(id);
  assert.equal(state.state, 'finished');
  assert.equal(result?.id, id);
  assert.ok(state.objects > objects + 5, `${state.objects} objects, ${objects} before`);
  assert.ok(Math.abs((result?.duration ?? 0) - state.duration) < 0.05, `${result?.duration} s of ${state.duration} s`);
  await assertWhole(Buffer.from(await fetchBytes(state.playback.mp4)), state.duration);
  await next.page.evaluate(() => recovered[0]?.close());
  const third = await recover(setting.browser, setting.site.origin);
  assert.deepEqual(third.left.map(({ recording }) => recording), [undefined], 'it is finished, and the tape still there');
  const again = await third.page.evaluate(() => recovered[0]?.resume().catch((error: { code: string }) => error.code));
  assert.equal(again, 'not_recording');
  await discardFirst(third.page);
  assert.deepEqual((await recover(setting.browser, setting.site.origin)).left, []);
});

test('a tape that a page has is nobody else\'s', { timeout: 60_000 }, async () => {
  const { page: live, feeding: own } = await feeding(200);
  const { page: doomed, feeding: other } = await feeding(40);
  await Promise.all([own.reached(4), other.reached(10)]);
  await crash(doomed);
  await doomed.close();
  const first = await recover(setting.browser, setting.site.origin);
  assert.equal(first.left.length, 1, 'that of the live page is not among them');
  const second = await recover(setting.browser, setting.site.origin);
  assert.equal(second.left.length, 1);
  const size = await first.page.evaluate(async () => (await recovered[0]?.blob())?.size);
  assert.ok(size && size > 100_000);
  const refused = await second.page.evaluate(() => recovered[0]?.blob().catch((error: { code: string }) => error.code));
  assert.equal(refused, 'tape_gone');
  assert.deepEqual((await recover(setting.browser, setting.site.origin)).left, []);
  // A new tape's start leaves both alone.
  await live.evaluate(async () => {
    const { LiveTape } = (await import('/livetape/index.js' as string)) as typeof import('../../www/sdk/src/index.ts');
    (await LiveTape.tap(document.createElement('video'))).close();
  });
  await first.page.evaluate(() => recovered[0]?.close());
  const third = await recover(setting.browser, setting.site.origin);
  assert.equal(third.left.length, 1);
  await discardFirst(third.page);
});
