// The past of the tape, played in a video of its own: exactly the asked moments, on and on into what is being recorded.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { launchChromium } from '../browser/chromium.ts';
import type { Site } from '../browser/site.ts';
import { continuity } from '../media/frames.ts';
import { numberAt, serveFed } from '../pages/fed_tape.ts';

let browser: Browser;
let site: Site;

before(async () => {
  [browser, site] = await Promise.all([launchChromium(), serveFed('<video id="past" muted></video>')]);
});

after(async () => {
  await browser?.close();
  await site?.close();
});

/** Moments of `seconds`, each anywhere, the same in each run. */
function moments(count: number, seconds: number): number[] {
  let state = 2463534242;
  return Array.from({ length: count }, () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return ((state >>> 0) / 2 ** 32) * seconds;
  });
}

test('any moment of the window, each within 500 ms; then it plays on into what comes', { timeout: 90_000 }, async () => {
  const page = await (await browser.newContext()).newPage();
  await page.goto(site.origin);
  const times = moments(20, 318);
  const seen = await page.evaluate(async (times) => {
    await fed.open(600);
    await fed.feed(20);
    const video = document.querySelector('#past') as HTMLVideoElement;
    const shots: { number: number | null; millis: number }[] = [];
    let replay: Awaited<ReturnType<typeof fed.tape.replay>> | undefined;
    for (const time of times) {
      const begun = performance.now();
      const presented = frameReader.presented(video, time);
      if (replay) await replay.seek(time);
      else replay = await fed.tape.replay(video, time);
      const shown = await presented;
      const millis = performance.now() - begun;
      shots.push({ number: shown, millis });
    }
    await replay?.seek(310);
    const watched = frameReader.watch(video, 200);
    await video.play();
    await fed.feed(1);
    const numbers = (await watched).map(({ number }) => number);
    const { currentTime } = video;
    replay?.close();
    return { shots, numbers, currentTime, empty: video.readyState, code: await fed.code(fed.tape.replay(video, -1)) };
  }, times);
  assert.deepEqual(seen.shots.map(({ number }) => number), times.map(numberAt));
  const millis = seen.shots.map((shot) => shot.millis).sort((a, b) => a - b)[10] ?? Infinity;
  assert.ok(millis <= 500, `${millis.toFixed(0)} ms`);
  const { misread, doubled } = continuity(seen.numbers);
  assert.deepEqual({ misread, doubled }, { misread: 0, doubled: 0 });
  assert.ok(seen.currentTime > 317, `played to ${seen.currentTime} s`);
  assert.equal(seen.empty, 0);
  assert.equal(seen.code, 'bad_option');
  await page.context().close();
});

test('where the browser takes no more bytes, less is buffered and it goes on', { timeout: 60_000 }, async () => {
  const page = await (await browser.newContext()).newPage();
  await page.goto(site.origin);
  const seen = await page.evaluate(async () => {
    const append = SourceBuffer.prototype.appendBuffer;
    let refused = 0;
    // Every SourceBuffer takes as much as about 12 s.
    SourceBuffer.prototype.appendBuffer = function (this: SourceBuffer, data: BufferSource) {
      const { buffered } = this;
      let has = 0;
      for (let range = 0; range < buffered.length; range += 1) has += buffered.end(range) - buffered.start(range);
      if (has > 12) {
        refused += 1;
        throw new DOMException('full', 'QuotaExceededError');
      }
      append.call(this, data);
    };
    await fed.open(600);
    await fed.feed(4);
    const video = document.querySelector('#past') as HTMLVideoElement;
    const replay = await fed.tape.replay(video, 5);
    video.playbackRate = 4;
    await video.play();
    await new Promise<void>((resolve, reject) => {
      replay.addEventListener('error', ({ detail }) => reject(detail));
      video.addEventListener('timeupdate', () => video.currentTime > 30 && resolve());
    });
    replay.close();
    return refused;
  });
  assert.ok(seen > 0);
  await page.context().close();
});
