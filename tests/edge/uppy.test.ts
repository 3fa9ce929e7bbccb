// Uppy in Chromium sends a film to the edge through connections that are cut, and from a page that is loaded again half-way.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { Browser, Page } from 'playwright-core';
import { launchChromium } from '../browser/chromium.ts';
import { serve, type Site } from '../browser/site.ts';
import { samplePath } from '../media/sample.ts';
import { apiKey, edge, sha256 } from './edge.ts';
import type {} from './uppy_page.ts';

/** A way to the edge that fails as it is told to. */
class BadNetwork {
  readonly #server: Server;
  /** Bytes of requests until each failure that is to come, and what it is. */
  #plan: number[] = [];
  #failure: 'cut' | 'stall' = 'cut';
  #done: () => void = () => undefined;

  constructor() {
    const { hostname, port } = new URL(edge);
    this.#server = createServer((page) => {
      const there = connect(Number(port), hostname);
      // What was passed on before a cut arrives.
      page.on('error', () => there.end()).on('close', () => there.end());
      there.on('error', () => page.destroy());
      there.pipe(page);
      page.on('data', (bytes) => this.#pass(bytes, page, there));
    });
  }

  #pass(bytes: Buffer, page: Socket, there: Socket): void {
    const [left = Infinity] = this.#plan;
    there.write(bytes.subarray(0, left));
    if (bytes.length < left) {
      if (this.#plan.length > 0) this.#plan[0] = left - bytes.length;
      return;
    }
    this.#plan.shift();
    page.pause();
    if (this.#failure === 'cut') page.destroy();
    if (this.#plan.length === 0) this.#done();
  }

  /** Fails after so many bytes, and so many more; resolves when it has. */
  fail(failure: 'cut' | 'stall', plan: number[]): Promise<void> {
    [this.#failure, this.#plan] = [failure, plan];
    return new Promise((resolve) => (this.#done = resolve));
  }

  async open(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, 'localhost', resolve));
    return `http://localhost:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.close();
  }
}

const network = new BadNetwork();
let browser: Browser;
let site: Site;

before(async () => {
  const entry = fileURLToPath(new URL('uppy_page.ts', import.meta.url));
  const [origin, { outputFiles }] = await Promise.all([network.open(), build({ entryPoints: [entry], bundle: true, format: 'esm', target: 'es2022', write: false, logLevel: 'error' })]);
  const page = `<!doctype html><input type="file" data-endpoint="${origin}/v1/uploads" data-key="${apiKey}"><script type="module" src="/uppy.js"></script>`;
  [browser, site] = await Promise.all([
    launchChromium(),
    serve({ '/': { type: 'text/html', body: page }, '/uppy.js': { type: 'text/javascript', body: outputFiles[0]?.text ?? '' } }),
  ]);
});

after(async () => {
  await browser?.close();
  await site?.close();
  network.close();
});

/** Gives the page the film; resolves when it is under way. */
async function send(page: Page): Promise<void> {
  await page.locator('input').setInputFiles(samplePath);
}

/** What is at the address that Uppy tells. */
async function stored(page: Page): Promise<Buffer> {
  const told = await (await page.waitForFunction(() => (uploaded.url || uploaded.failed ? uploaded : undefined))).jsonValue();
  assert.equal(told?.failed, undefined);
  const response = await fetch(`${edge}${new URL(told?.url ?? '').pathname}`);
  assert.equal(response.status, 200);
  return Buffer.from(await response.arrayBuffer());
}

/** Where the page's requests with bytes began. */
function offsets(page: Page): number[] {
  const found: number[] = [];
  page.on('request', (request) => {
    if (request.method() === 'PATCH') found.push(Number(request.headers()['upload-offset']));
  });
  return found;
}

test('Uppy goes on where a connection was cut, twice', { timeout: 30_000 }, async () => {
  const film = await readFile(samplePath);
  const page = await browser.newPage();
  const begun = offsets(page);
  await page.goto(site.origin);
  const failed = network.fail('cut', [700_000, 700_000]);
  await send(page);
  assert.deepEqual(sha256(await stored(page)), sha256(film));
  await failed;
  // Chromium itself sends again what fails on a connection that it had before, which cannot be seen here.
  assert.ok(begun[0] === 0 && begun.length >= 2, begun.join());
  // What came may be taken after it is asked for.
  assert.deepEqual(begun, begun.toSorted((a, b) => a - b));
  await page.close();
});

test('a page that is loaded again half-way goes on when it is given the same file', { timeout: 30_000 }, async () => {
  const film = await readFile(samplePath);
  const page = await (await browser.newContext()).newPage();
  await page.goto(site.origin);
  const failed = network.fail('stall', [1_200_000]);
  await send(page);
  await failed;
  await page.reload();
  const begun = offsets(page);
  await send(page);
  assert.deepEqual(sha256(await stored(page)), sha256(film));
  assert.equal(begun.length, 1);
  assert.ok((begun[0] ?? 0) > 0, begun.join());
  await page.context().close();
});
