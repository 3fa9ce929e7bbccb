// What the console's forms ask for, what its copy buttons copy, and how often its live view looks.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { launchChromium } from '../browser/chromium.ts';
import { apiKey, call, edge, recordSample } from '../edge/edge.ts';
import { assertAccessible, axePath } from '../pages/accessible.ts';

let browser: Browser;

before(async () => {
  browser = await launchChromium();
});

after(async () => {
  await browser?.close();
});

const problems: string[] = [];

/** A tab that is signed in, with a section open; its scripts must have no errors until it is closed. */
async function signedIn(hash: string, options: BrowserContextOptions = {}, prepare?: (page: Page) => Promise<unknown>): Promise<Page> {
  const context = await browser.newContext({ locale: 'en-US', viewport: { width: 1200, height: 900 }, ...options });
  await context.addInitScript({ path: axePath });
  const page = await context.newPage();
  page.on('pageerror', (error) => problems.push(error.message));
  await prepare?.(page);
  await page.goto(`${edge}/console#${hash}`);
  await page.locator('input').fill(apiKey);
  await page.keyboard.press('Enter');
  await page.locator('nav').waitFor();
  await page.evaluate((wanted) => (location.hash = wanted), hash);
  return page;
}

async function close(page: Page): Promise<void> {
  await page.context().close();
  assert.deepEqual(problems.splice(0), []);
}

const said = (page: Page, sentence: RegExp): Promise<void> => page.getByRole('status').filter({ hasText: sentence }).first().waitFor();
const press = (page: Page, name: string): Promise<void> => page.getByRole('main').getByRole('button', { name, exact: true }).click();

test('a template says what its recordings have, and nothing of what was left out', { timeout: 30_000 }, async () => {
  const page = await signedIn('templates');
  const make = async (title: string): Promise<Record<string, unknown>> => {
    await page.getByLabel('Name').fill(title);
    await press(page, 'Create template');
    const row = page.getByRole('listitem').filter({ hasText: title });
    const id = /pub_\w+/.exec(await row.innerText())?.[0] ?? '';
    const { id: _, created, ...facts } = (await call('GET', `${edge}/v1/templates/${id}`, { token: apiKey })).body;
    return facts;
  };
  const title = `Hall ${Date.now()}`;
  await page.getByLabel('Review').selectOption({ label: 'Pending' });
  await page.getByLabel('Who may play').selectOption({ label: 'Only by a link made here' });
  await page.getByLabel('Segments').selectOption({ label: 'Encrypted' });
  await page.getByLabel('Days that they are kept').fill('30');
  await page.getByLabel('Seconds kept while they grow').fill('3600');
  await page.getByLabel('Seconds of an object, at most').fill('10');
  await page.getByLabel('They may play on').fill('https://school.example');
  assert.deepEqual(await make(title), {
    title, origins: [], review: 'pending', access: 'token', encryption: 'aes-128', retention: { days: 30, window: 3600 }, target_duration: 10, play_origins: ['https://school.example'],
  });
  const row = page.getByRole('listitem').filter({ hasText: title });
  assert.match(await row.innerText(), /Pending[^]*Only by a link[^]*Encrypted[^]*30[^]*3,600[^]*10[^]*https:\/\/school\.example/);
  await assertAccessible(page, 'a template with all it may say', 'html');
  // The form is empty again.
  const plain = `Plain ${Date.now()}`;
  assert.deepEqual(await make(plain), { title: plain, origins: [] });
  await page.getByLabel('Seconds of an object, at most').fill('11');
  await page.getByLabel('Name').fill(`${plain} too long`);
  await press(page, 'Create template');
  assert.equal(await page.getByLabel('Seconds of an object, at most').evaluate((input: HTMLInputElement) => input.validity.rangeOverflow), true);
  assert.equal(await page.getByRole('listitem').filter({ hasText: 'too long' }).count(), 0);
  await close(page);
});

test('a key is made for pages, and opens nothing elsewhere', { timeout: 30_000 }, async () => {
  const page = await signedIn('keys');
  const title = `Page ${Date.now()}`;
  await page.getByLabel('Name').fill(title);
  await page.getByLabel('read: list recordings').check();
  await page.getByLabel('Pages').fill('https://school.example https://club.example');
  await press(page, 'Make key');
  const key = await page.locator('.secret').innerText();
  const statuses: number[] = [];
  for (const origin of ['https://club.example', 'https://other.example']) {
    statuses.push((await call('GET', `${edge}/v1/recordings?limit=1`, { token: key, headers: { Origin: origin } })).status);
  }
  assert.deepEqual(statuses, [200, 403]);
  assert.match(await page.getByRole('listitem').filter({ hasText: title }).innerText(), /https:\/\/school\.example · https:\/\/club\.example/);
  await assertAccessible(page, 'a key for pages', 'html');
  await close(page);
});

test('what is copied is in the clipboard; where nothing may be, it is said', { timeout: 60_000 }, async () => {
  const recording = await recordSample({ title: 'Copied' });
  const made = await call('POST', `${edge}/v1/recordings/${recording.id}/clips`, { token: apiKey, body: JSON.stringify({ start: 1, end: 3, title: 'Goal' }) });
  const page = await signedIn(`recordings/${recording.id}`, { permissions: ['clipboard-read', 'clipboard-write'] });
  const clipboard = (): Promise<string> => page.evaluate(() => navigator.clipboard.readText());
  const copy = page.getByRole('listitem').filter({ hasText: 'Goal' }).getByRole('button');
  await copy.getByText('Copy link').click();
  await copy.getByText('Copied', { exact: true }).waitFor();
  await said(page, /^Copied$/);
  assert.equal(await clipboard(), made.body.playback.hls);
  // It can be pressed again.
  await copy.getByText('Copy link').waitFor();
  await press(page, 'Make link');
  const link = await page.locator('.secret').innerText();
  const beside = page.locator('.secret + button');
  await beside.click();
  await beside.getByText('Copied').waitFor();
  assert.equal(await clipboard(), link);

  await page.context().clearPermissions();
  await page.evaluate(() => (navigator.clipboard.writeText = () => Promise.reject(new DOMException('', 'NotAllowedError'))));
  await copy.getByText('Copy link').click();
  await said(page, /Copy it yourself: http\S+index\.m3u8$/);
  await close(page);

  // Of what plays by link alone, a link is made to be copied.
  await call('PATCH', `${edge}/v1/recordings/${recording.id}`, { token: apiKey, body: JSON.stringify({ access: 'token' }) });
  const other = await signedIn(`recordings/${recording.id}`, { permissions: ['clipboard-read', 'clipboard-write'] });
  await other.getByRole('listitem').filter({ hasText: 'Goal' }).getByRole('button', { name: 'Copy link' }).click();
  await said(other, /The link plays for 7 days/);
  const address = await other.evaluate(() => navigator.clipboard.readText());
  assert.notEqual(address, made.body.playback.hls);
  assert.equal((await fetch(address)).status, 200);
  await close(other);
});

test('the live view looks more seldom where nothing changes or nobody answers, and at once when somebody is back', { timeout: 60_000 }, async () => {
  let answers = 0;
  let isThere = true;
  const page = await signedIn('live', {}, async (own) => {
    await own.clock.install();
    await own.route('**/v1/recordings?state=recording**', async (route) => {
      if (isThere) await route.fulfill({ json: { recordings: [] } });
      else await route.abort();
      answers += 1;
    });
  });
  /** Waits for the answer of a number, and until the page has taken it. */
  const answered = async (number: number): Promise<void> => {
    while (answers < number) await page.evaluate(() => new Promise<void>((resolve) => queueMicrotask(resolve)));
    await page.evaluate(() => navigator.locks.request('turn', () => undefined));
  };
  /** Lets time pass in which it must not look, and then a moment in which it must. */
  const looksAfter = async (millis: number): Promise<void> => {
    const before = answers;
    await page.clock.runFor(millis - 10);
    assert.equal(answers, before, `too early, before ${millis} ms`);
    await page.clock.runFor(20);
    await answered(before + 1);
  };
  await page.getByText('Nothing is being recorded now').waitFor();
  await answered(1);
  for (const pause of [3_000, 4_500, 6_750]) await looksAfter(pause);
  isThere = false;
  for (const pause of [10_125, 15_188, 22_781, 30_000, 30_000]) await looksAfter(pause);
  await page.getByRole('alert').filter({ hasText: 'cannot be reached' }).waitFor();
  isThere = true;
  const before = answers;
  await page.evaluate(() => dispatchEvent(new Event('online')));
  await answered(before + 1);
  await page.waitForFunction(() => document.querySelector('[role=alert]')?.textContent === '');
  await looksAfter(3_000);
  // Nobody looks.
  await page.evaluate(() => {
    Object.defineProperty(document, 'hidden', { value: true, configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
  });
  const unseen = answers;
  await page.clock.runFor(120_000);
  assert.equal(answers, unseen);
  await page.evaluate(() => {
    Reflect.deleteProperty(document, 'hidden');
    document.dispatchEvent(new Event('visibilitychange'));
  });
  await answered(unseen + 1);
  await close(page);
});
