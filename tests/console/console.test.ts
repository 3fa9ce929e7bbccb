// The console as an operator uses it: by its words, in Chromium, on the running edge.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { launchChromium } from '../browser/chromium.ts';
import { apiKey, call, create, edge, putConfig, putFragment, recordSample, type Recording } from '../edge/edge.ts';
import { readFrames } from '../media/frames.ts';
import { pageFrameReader } from '../media/page_frames.ts';
import { assertAccessible, axePath } from '../pages/accessible.ts';

let browser: Browser;

before(async () => {
  browser = await launchChromium();
});

after(async () => {
  await browser?.close();
});

/** A tab with the console; its scripts must have no errors until it is closed. */
async function open(options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext({ locale: 'en-US', acceptDownloads: true, viewport: { width: 1200, height: 900 }, ...options });
  await context.addInitScript({ path: axePath });
  await context.addInitScript(pageFrameReader());
  const page = await context.newPage();
  page.on('pageerror', (error) => problems.push(error.message));
  await page.goto(`${edge}/console`);
  return page;
}

const problems: string[] = [];

async function close(page: Page): Promise<void> {
  await page.context().close();
  assert.deepEqual(problems.splice(0), []);
}

/** Signs in; a section may be opened by its hash. */
async function signedIn(options: BrowserContextOptions = {}, hash = ''): Promise<Page> {
  const page = await open(options);
  await page.locator('input').fill(apiKey);
  await page.keyboard.press('Enter');
  await page.locator('nav').waitFor();
  if (hash) await go(page, hash);
  return page;
}

async function go(page: Page, hash: string): Promise<void> {
  await page.evaluate((wanted) => (location.hash = wanted), hash);
}

const said = (page: Page, sentence: RegExp): Promise<void> => page.getByRole('status').filter({ hasText: sentence }).first().waitFor();
const refused = (page: Page, sentence: RegExp): Promise<void> => page.getByRole('alert').filter({ hasText: sentence }).waitFor();
const press = (page: Page, name: string): Promise<void> => page.getByRole('main').getByRole('button', { name, exact: true }).click();
const confirm = (page: Page, name: string): Promise<void> => page.getByRole('dialog').getByRole('button', { name }).click();

test('a wrong key is refused in words; a right one is kept in this tab alone, until it is signed out', { timeout: 30_000 }, async () => {
  const page = await open();
  await assertAccessible(page, 'signing in', 'html');
  await page.getByLabel('API key').fill('key_wrong');
  await page.keyboard.press('Enter');
  await refused(page, /mistyped, or has been revoked\. Sign in with another one/);
  assert.equal(await page.evaluate(() => sessionStorage.length), 0);
  await page.getByLabel('API key').fill(apiKey);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Live' }).waitFor();
  assert.equal(await page.evaluate(() => document.activeElement?.localName), 'h1');
  await page.reload();
  await page.getByRole('heading', { name: 'Live' }).waitFor();
  const kept = await page.evaluate(() => [Object.values(sessionStorage), Object.values(localStorage), document.cookie]);
  assert.deepEqual(kept, [[apiKey], [], '']);
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByLabel('API key').waitFor();
  assert.equal(await page.evaluate(() => sessionStorage.length), 0);
  await close(page);
});

test('the page may do nothing but its work', async () => {
  const { headers } = await fetch(`${edge}/console`);
  const policy = headers.get('content-security-policy') ?? '';
  assert.match(policy, /^default-src 'none'; script-src 'self';/);
  assert.doesNotMatch(policy, /unsafe|\*|https?:/);
  assert.equal(headers.get('referrer-policy'), 'no-referrer');
});

/** Number on the picture of a card. */
function numberOn(page: Page, title: string): Promise<number | null> {
  return page.evaluate(async (wanted) => {
    const image = document.querySelector<HTMLImageElement>(`img[alt*="${wanted}"]`);
    if (!image) return null;
    await image.decode();
    return frameReader.read(await createImageBitmap(image));
  }, title);
}

test('live recordings have their state, bit rate and latest picture, which change by themselves; also one that is pending', { timeout: 60_000 }, async () => {
  const open = `Open ${Date.now()}`;
  const pending = `Pending ${Date.now()}`;
  const recording = await create({ title: open });
  const other = await create({ title: pending, review: 'pending' });
  await putConfig(other);
  for (let seq = 0; seq < 2; seq += 1) await putFragment(other, seq);
  const page = await signedIn();
  const card = page.locator('console-live-card').filter({ hasText: open });
  await card.getByText('Waiting for the first picture').first().waitFor();
  await putConfig(recording);
  for (let seq = 0; seq < 3; seq += 1) await putFragment(recording, seq);
  await page.getByAltText(open).waitFor();
  // The last keyframes of 50 pictures each.
  assert.equal(await numberOn(page, open), 100);
  assert.equal(await numberOn(page, pending), 50);
  await page.locator('console-live-card').filter({ hasText: pending }).getByText('Pending', { exact: true }).waitFor();
  await card.getByText('Live', { exact: true }).waitFor();
  const rate = Number(/([\d.]+) Mb\/s/.exec(await card.innerText())?.[1]);
  const { body } = await call('GET', `${edge}/v1/recordings/${recording.id}`);
  assert.ok(Math.abs(rate - (8 * body.bytes) / body.duration / 1e6) < 0.1, `${rate} Mb/s`);
  await putFragment(recording, 3);
  await page.waitForFunction((title) => document.querySelector(`img[alt*="${title}"][alt$="0:08"]`), open);
  assert.equal(await numberOn(page, open), 150);
  await assertAccessible(page, 'live', 'html');
  await page.evaluate(() => Reflect.deleteProperty(globalThis, 'VideoDecoder'));
  await putFragment(recording, 4);
  await page.evaluate(() => dispatchEvent(new Event('online')));
  await card.getByText('This browser cannot decode single pictures').waitFor();
  await close(page);
});

/** What the player plays. */
const source = (page: Page): Promise<string> => page.locator('video').evaluate((video: HTMLVideoElement) => video.src);

test('a recording plays; a clip is cut by keys at exactly the pictures that are shown, and downloaded', { timeout: 60_000 }, async () => {
  const recording = await recordSample({ title: 'Cup final' });
  const page = await signedIn({}, `recordings/${recording.id}`);
  await page.getByRole('heading', { name: 'Cup final' }).waitFor();
  await page.waitForFunction(() => (document.querySelector('video')?.readyState ?? 0) >= 2);
  const at = (time: number): Promise<number | null> => page.evaluate((wanted) => frameReader.seek(document.querySelector('video') as HTMLVideoElement, wanted), time);
  assert.match(await source(page), /\/index\.m3u8$/);
  assert.equal(await at(5.5), 137);
  await page.keyboard.press('i');
  assert.equal(await at(10.55), 263);
  await page.keyboard.press('o');
  await page.getByText('From 0:05.480 · To 0:10.520').waitFor();
  await page.getByLabel('Title of the clip').fill('Goal in O and I');
  await assertAccessible(page, 'a recording', 'html');
  await page.keyboard.press('Enter');
  await said(page, /The clip is there/);
  const row = page.getByRole('listitem').filter({ hasText: 'Goal in O and I' });
  const [download] = await Promise.all([page.waitForEvent('download'), row.getByRole('link', { name: 'Download MP4' }).click()]);
  assert.equal(download.suggestedFilename(), 'Goal in O and I.mp4');
  const { frames } = await readFrames(await download.path());
  const shown = frames.filter(({ pts }) => pts >= 0).map(({ number }) => number);
  assert.deepEqual(shown, Array.from({ length: 126 }, (_, index) => 137 + index));
  await row.getByRole('button', { name: 'Delete' }).click();
  await confirm(page, 'Delete');
  await said(page, /Deleted/);
  // As in a browser that cannot play this HLS after all, and in one that plays none by itself.
  await page.route('**/index.m3u8', (route) => route.fulfill({ contentType: 'application/vnd.apple.mpegurl', body: '#EXTM3U\n' }));
  for (const canPlay of ['maybe', ''] as const) {
    await page.evaluate((answer) => (HTMLMediaElement.prototype.canPlayType = () => answer), canPlay);
    await go(page, 'recordings');
    await go(page, `recordings/${recording.id}`);
    await page.waitForFunction(() => (document.querySelector('video')?.readyState ?? 0) >= 2);
    assert.match(await source(page), /\/video\.mp4$/);
    assert.equal(await at(5.5), 137);
  }
  assert.deepEqual((await call('GET', `${edge}/v1/recordings/${recording.id}/clips`, { token: apiKey })).body.clips, []);
  await close(page);
});

test('what plays by link alone plays here, while it grows too; its clips are downloaded, its length is followed', { timeout: 60_000 }, async () => {
  const recording = await create({ title: 'Private', access: 'token' });
  const page = await signedIn({}, `recordings/${recording.id}`);
  await page.getByText('There is nothing to play yet').waitFor();
  await putConfig(recording);
  for (let seq = 0; seq < 4; seq += 1) await putFragment(recording, seq);
  await page.waitForFunction(() => (document.querySelector('video')?.readyState ?? 0) >= 2);
  await page.getByText('0:08', { exact: true }).waitFor();
  const clip = { start: 2, end: 4, title: 'Two seconds' };
  await call('POST', `${edge}/v1/recordings/${recording.id}/clips`, { token: apiKey, body: JSON.stringify(clip) });
  await page.reload();
  const row = page.getByRole('listitem').filter({ hasText: clip.title });
  const [download] = await Promise.all([page.waitForEvent('download'), row.getByRole('link', { name: 'Download MP4' }).click()]);
  const { frames } = await readFrames(await download.path());
  assert.deepEqual(frames.map(({ number }) => number), Array.from({ length: 50 }, (_, index) => 50 + index));
  await close(page);
});

test('what is sent encrypted shows its latest picture, plays, and is downloaded', { timeout: 60_000 }, async () => {
  const title = `Encrypted ${Date.now()}`;
  const recording = await create({ title, encryption: 'aes-128', access: 'token' });
  await putConfig(recording);
  for (let seq = 0; seq < 3; seq += 1) await putFragment(recording, seq);
  const page = await signedIn();
  await page.getByAltText(title).waitFor();
  assert.equal(await numberOn(page, title), 100);
  await go(page, `recordings/${recording.id}`);
  await page.waitForFunction(() => (document.querySelector('video')?.readyState ?? 0) >= 2);
  assert.equal(await page.evaluate(() => frameReader.seek(document.querySelector('video') as HTMLVideoElement, 2.02)), 50);
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Download MP4' }).click()]);
  const { frames } = await readFrames(await download.path());
  assert.deepEqual(frames.map(({ number }) => number), Array.from({ length: 150 }, (_, index) => index));
  await close(page);
});

const played = async (recording: Recording): Promise<number> => (await fetch(recording.playback.hls)).status;

test('a ban holds within 2 s and is taken back; links are made and revoked; what is deleted is gone', { timeout: 60_000 }, async () => {
  const recording = await recordSample({ title: `Ban ${Date.now()}` });
  const page = await signedIn({}, `recordings/${recording.id}`);
  await press(page, 'Ban');
  await said(page, /It holds within 2 seconds/);
  const banned = performance.now();
  while ((await played(recording)) !== 403) assert.ok(performance.now() - banned < 2_000, 'still played after 2 s');
  await page.getByText('Banned: it plays for nobody').waitFor();
  await press(page, 'Approve');
  await page.locator('video').waitFor();
  const approved = performance.now();
  while ((await played(recording)) !== 200) assert.ok(performance.now() - approved < 2_000, 'not played after 2 s');

  await press(page, 'Make link');
  const link = await page.locator('.secret').innerText();
  assert.equal((await fetch(link)).status, 200);
  await press(page, 'Revoke all links');
  await said(page, /No link that was made so far/);
  const revoked = performance.now();
  while ((await fetch(link)).status !== 403) assert.ok(performance.now() - revoked < 2_000, 'still open after 2 s');

  await press(page, 'Delete recording');
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
  assert.equal(await played(recording), 200);
  await press(page, 'Delete recording');
  await assertAccessible(page, 'asking', 'html');
  await confirm(page, 'Delete');
  await page.getByRole('heading', { name: 'Recordings' }).waitFor();
  assert.equal(await played(recording), 404);
  await close(page);
});

test('a list is searched and narrowed, a page at a time; what was deleted meanwhile is said', { timeout: 60_000 }, async () => {
  const name = `Paged ${Date.now()}`;
  for (let at = 0; at < 26; at += 1) await create({ title: `${name} no. ${at}`, ...(at === 7 ? { review: 'pending' } : {}) });
  // Without it the first page would be the same before the search.
  await create({ title: 'Another one' });
  const page = await signedIn({}, 'recordings');
  const rows = page.locator('tbody tr').filter({ hasText: name });
  await page.getByLabel('Search').fill(name);
  await page.waitForFunction((wanted) => {
    const all = [...document.querySelectorAll('tbody tr')];
    return all.length === 25 && all.every((row) => row.textContent?.includes(wanted));
  }, name);
  await press(page, 'Show more');
  await rows.nth(25).waitFor();
  assert.match(await rows.nth(25).innerText(), /no\. 0\b/);
  await assertAccessible(page, 'recordings', 'html');
  await page.getByLabel('Review').selectOption('pending');
  await page.waitForFunction(() => document.querySelectorAll('tbody tr').length === 1);
  assert.match(await rows.innerText(), /no\. 7\b[^]*Pending/);
  await rows.getByRole('link').click();
  await page.getByRole('button', { name: 'Approve' }).waitFor();
  const id = new URL(page.url()).hash.split('/')[1];
  await call('DELETE', `${edge}/v1/recordings/${id}`, { token: apiKey });
  await press(page, 'Approve');
  await refused(page, /somebody has deleted it\. Go back to the list/);
  await close(page);
});

test('a key is made for what is chosen, shown once, and revoked; who holds it is told what it does not open', { timeout: 60_000 }, async () => {
  const page = await signedIn({}, 'keys');
  const title = `Key ${Date.now()}`;
  await page.getByLabel('Name').fill(title);
  await press(page, 'Make key');
  await said(page, /Choose one scope at least/);
  await page.getByLabel('read: list recordings').check();
  await press(page, 'Make key');
  const key = await page.locator('.secret').innerText();
  await assertAccessible(page, 'a new key', 'html');
  const lists = async (): Promise<number> => (await call('GET', `${edge}/v1/recordings`, { token: key })).status;
  assert.equal(await lists(), 200);
  const other = await open();
  await other.getByLabel('API key').fill(key);
  await other.keyboard.press('Enter');
  await other.getByRole('link', { name: 'Keys' }).click();
  await refused(other, /This key may not do that\. Sign in with one that may/);
  await press(page, 'I have stored it');
  assert.equal(await page.locator('.secret').count(), 0);
  const row = page.getByRole('listitem').filter({ hasText: title });
  await row.getByRole('button', { name: 'Revoke' }).click();
  await confirm(page, 'Revoke');
  await said(page, /Revoked/);
  assert.equal(await lists(), 401);
  await other.getByRole('link', { name: 'Recordings' }).click();
  await refused(other, /has been revoked\. Sign in with another one/);
  await other.getByLabel('API key').waitFor();
  await close(other);
  await close(page);
});

test('a template is made with its limits, and deleted', { timeout: 30_000 }, async () => {
  const page = await signedIn({}, 'templates');
  const title = `School ${Date.now()}`;
  await page.getByLabel('Name').fill(title);
  await page.getByLabel('Pages').fill('https://school.example\nhttps://club.example');
  await page.getByLabel('Minutes of a recording').fill('90');
  await page.getByLabel('Megabytes of a recording').fill('4000');
  await press(page, 'Create template');
  await said(page, /The template is there/);
  const row = page.getByRole('listitem').filter({ hasText: title });
  const id = /pub_\w+/.exec(await row.innerText())?.[0] ?? '';
  const stored = async () => call('GET', `${edge}/v1/templates/${id}`, { token: apiKey });
  const { title: name, origins, minutes, bytes, recordings } = (await stored()).body;
  assert.deepEqual([name, origins, minutes, bytes, recordings], [title, ['https://school.example', 'https://club.example'], 90, 4e9, undefined]);
  await assertAccessible(page, 'templates', 'html');
  await row.getByRole('button', { name: 'Delete' }).click();
  await confirm(page, 'Delete');
  await said(page, /Deleted/);
  assert.equal((await stored()).body.error.code, 'unknown_template');
  await close(page);
});

test('a lost network is said, and what is live comes back with it', { timeout: 30_000 }, async () => {
  const page = await signedIn();
  await page.locator('console-live-card').or(page.getByText('Nothing is being recorded now')).first().waitFor();
  await page.context().setOffline(true);
  await refused(page, /The edge cannot be reached\. Look at your connection/);
  await page.context().setOffline(false);
  await page.waitForFunction(() => document.querySelector('[role=alert]')?.textContent === '');
  await close(page);
});

test('in Chinese, in the dark, on a telephone: no English is left, nothing is wider than the screen, axe finds nothing', { timeout: 60_000 }, async () => {
  const recording = await recordSample({ title: '决赛' });
  const page = await signedIn({ locale: 'zh-CN', colorScheme: 'dark', viewport: { width: 360, height: 740 } });
  for (const [hash, ready] of [['live', '直播'], ['recordings', '录像'], [`recordings/${recording.id}`, '决赛'], ['templates', '模板'], ['keys', '密钥']] as const) {
    await go(page, hash);
    await page.getByRole('heading', { name: ready, exact: true }).waitFor();
    await page.waitForLoadState('networkidle');
    await assertAccessible(page, `Chinese, ${hash}`, 'html');
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${hash} is too wide`);
    const said = await page.evaluate(() => [...document.querySelectorAll('main :is(button, .label, dt, h1, h2, th, option)')].map((each) => each.textContent));
    assert.deepEqual(said.filter((words) => /[a-z]{3}/i.test(words ?? '')), []);
  }
  await page.getByRole('button', { name: '语言：English' }).click();
  await page.getByRole('heading', { name: 'Keys' }).waitFor();
  assert.equal(await page.evaluate(() => document.documentElement.lang), 'en');
  await close(page);
});
