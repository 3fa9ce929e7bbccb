// What goes wrong is said by a stable code and a sentence, by the API and by <live-tape>.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import type { AddressInfo } from 'node:net';
import type { Browser, Page } from 'playwright-core';
import { launchChromium } from '../browser/chromium.ts';
import { serve, type Site } from '../browser/site.ts';
import { DemoPage } from '../pages/demo_page.ts';
import { demoStreams, edge, template } from '../pages/edge.ts';

let browser: Browser;
let site: Site;
let stream: string;
/** An address where nobody listens. */
let nobody: string;

/** What was said. */
interface Said {
  readonly code: string;
  readonly message: string;
}

async function freeAddress(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `http://localhost:${port}`;
}

before(async () => {
  const hlsJs = await readFile(join(dirname(createRequire(import.meta.url).resolve('hls.js')), 'hls.min.js'));
  stream = (await demoStreams()).ts;
  nobody = await freeAddress();
  const element = (attributes: string): string => `<script type="module" src="${edge}/livetape/element.js"></script><live-tape ${attributes}></live-tape>`;
  [browser, site] = await Promise.all([
    launchChromium(),
    serve({
      '/': { type: 'text/html', body: '<!doctype html><title>a page</title>' },
      '/hls.js': { type: 'text/javascript', body: hlsJs },
      '/late': {
        type: 'text/html',
        body: `<!doctype html><script src="/hls.js"></script><video id="video" muted></video>
          <script>const hls = new Hls(); hls.loadSource('${stream}'); hls.attachMedia(video); video.play();</script>`,
      },
      '/broken-pull': { type: 'text/html', body: `<!doctype html>${element(`pull="${edge}/v1/play/live_0000000000000000000000_1/ts/index.m3u8" edge="${edge}" template="${template}"`)}` },
      '/page.m3u8': { type: 'text/html', body: '<!doctype html><title>not a playlist</title>' },
    }),
  ]);
});

after(async () => {
  await browser?.close();
  await site?.close();
});

async function onPage<T>(path: string, run: (page: Page) => Promise<T>): Promise<T> {
  const page = await (await browser.newContext({ locale: 'en-US' })).newPage();
  try {
    await page.goto(site.origin + path);
    return await run(page);
  } finally {
    await page.context().close();
  }
}

/** What pulling `url` fails with. */
function pullFails(url: string): Promise<Said> {
  return onPage('/', (page) =>
    page.evaluate(
      async ([sdk, url]) => {
        const { LiveTape, LiveTapeError } = (await import(sdk)) as typeof import('../../www/sdk/src/index.ts');
        try {
          (await LiveTape.pull(url)).close();
        } catch (error) {
          if (error instanceof LiveTapeError) return { code: error.code, message: error.message };
        }
        return { code: 'none', message: 'no error' };
      },
      [`${edge}/livetape/index.js`, url] as const,
    ),
  );
}

/** What the page's <live-tape> shows as an error, once it does. */
async function shown(page: Page): Promise<string> {
  const error = page.locator('live-tape [part=error]');
  await error.filter({ hasText: /./ }).waitFor({ timeout: 20_000 });
  return (await error.textContent()) ?? '';
}

test('pull of a playlist that is not there: playlist_unreachable, with address and status', async () => {
  const url = `${edge}/v1/play/live_0000000000000000000000_1/ts/index.m3u8`;
  const { code, message } = await pullFails(url);
  assert.equal(code, 'playlist_unreachable');
  assert.ok(message.includes(url) && message.includes('404'), message);
});

test('pull from where nobody listens: playlist_unreachable', async () => {
  const { code, message } = await pullFails(`${nobody}/index.m3u8`);
  assert.equal(code, 'playlist_unreachable');
  assert.ok(message.includes(nobody), message);
});

test('pull of something that is no playlist: playlist_invalid', async () => {
  const { code, message } = await pullFails(`${site.origin}/page.m3u8`);
  assert.equal(code, 'playlist_invalid');
  assert.match(message, /page\.m3u8 is not an HLS playlist/);
});

test('<live-tape pull> shows a playlist that is not there in words', async () => {
  const words = await onPage('/broken-pull', shown);
  assert.match(words, /cannot be fetched: status 404/);
});

test('the tap script missing before the player: tap_too_late, shown by <live-tape> with what to add', async () => {
  const words = await onPage('/late', async (page) => {
    await page.waitForFunction(() => (document.querySelector('video')?.readyState ?? 0) >= HTMLMediaElement.HAVE_CURRENT_DATA);
    await page.evaluate(async (sdk) => {
      await import(sdk);
      const tape = document.createElement('live-tape');
      tape.setAttribute('for', 'video');
      document.body.append(tape);
    }, `${edge}/livetape/element.js`);
    return shown(page);
  });
  assert.match(words, /load livetape\/tap before the player/);
});

test('a clip when nothing is on the tape: nothing_recorded', async () => {
  const said = await onPage('/', (page) =>
    page.evaluate(async (sdk) => {
      const { LiveTape } = (await import(sdk)) as typeof import('../../www/sdk/src/index.ts');
      const tape = await LiveTape.tap(document.body.appendChild(document.createElement('video')));
      const said = await tape.clip({ last: 30 }).then(
        () => ({ code: 'none', message: '' }),
        ({ code, message }: Said) => ({ code, message }),
      );
      tape.close();
      return said;
    }, `${edge}/livetape/index.js`),
  );
  assert.equal(said.code, 'nothing_recorded');
  assert.match(said.message, /wait for the stream to play/);
});

/** Sets attributes of the demo page's <live-tape>, presses Record, and gives the error it shows and the one it sends. */
async function recordFails(demo: DemoPage, attributes: Record<string, string | null>): Promise<{ words: string; code: string }> {
  const code = demo.page.evaluate(
    () => new Promise<string>((resolve) => document.querySelector('live-tape')?.addEventListener('livetape-error', ({ detail }) => resolve(detail.code), { once: true })),
  );
  await demo.page.evaluate((attributes) => {
    const tape = document.querySelector('live-tape');
    for (const [name, value] of Object.entries(attributes)) value === null ? tape?.removeAttribute(name) : tape?.setAttribute(name, value);
  }, attributes);
  await demo.page.locator('live-tape #record:enabled').click();
  const words = await shown(demo.page);
  return { words, code: await code };
}

test('recording that is refused or cannot reach the edge is told and can be tried again', async () => {
  const demo = await DemoPage.open(browser, 'ts');
  await demo.playing();
  const wrongTemplate = await recordFails(demo, { template: 'pub_wrong' });
  assert.equal(wrongTemplate.code, 'edge_refused');
  assert.match(wrongTemplate.words, /403, unknown_template/);
  const created = await fetch(`${edge}/v1/recordings`, { method: 'POST', body: JSON.stringify({ template }) });
  const { ingest_token: token } = (await created.json()) as { ingest_token: string };
  const wrongToken = await recordFails(demo, { token: `${token.slice(0, -3)}AAA` });
  assert.equal(wrongToken.code, 'edge_refused');
  assert.match(wrongToken.words, /401, token_invalid/);
  const noEdge = await recordFails(demo, { token: null, template, edge: nobody });
  assert.equal(noEdge.code, 'edge_unreachable');
  assert.ok(noEdge.words.includes(nobody), noEdge.words);
  // All right again: it records.
  await demo.page.evaluate(([edge]) => {
    seen.errors.length = 0;
    document.querySelector('live-tape')?.setAttribute('edge', edge);
  }, [edge] as const);
  await demo.record();
  await demo.recorded(2);
  const { duration } = await demo.stop();
  assert.ok(duration >= 2, `${duration} s`);
  await demo.close();
});

test('a recording made with an ingest token goes where the token says', async () => {
  const created = await fetch(`${edge}/v1/recordings`, { method: 'POST', body: JSON.stringify({ template }) });
  const { id, ingest_token: token } = (await created.json()) as { id: string; ingest_token: string };
  const demo = await DemoPage.open(browser, 'fmp4');
  await demo.playing();
  await demo.page.evaluate((token) => document.querySelector('live-tape')?.setAttribute('token', token), token);
  const recording = await demo.record();
  assert.equal(recording.id, id);
  await demo.recorded(2);
  await demo.stop();
  await demo.close();
});
