// The ways into a page: a folder on any server, another origin (a CDN), Vite, esbuild; each under the strictest policy that it can do with.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { build as esbuild } from 'esbuild';
import { build as vite, createServer } from 'vite';
import { launchChromium } from '../browser/chromium.ts';
import { serve, typeOf, type Content } from '../browser/site.ts';
import { copy, filesIn, install, type Project } from './installed.ts';
import { assertClips, userModule, userPage } from './page.ts';

let browser: Browser;
let project: Project;

before(async () => {
  [browser, project] = await Promise.all([launchChromium(), install()]);
});

after(async () => {
  await browser?.close();
  await project?.remove();
});

const sample: Content = { file: 'www/demo/sample/sample.mp4' };

/** The policy of a page that allows itself what livetape needs, and `more`. */
function policy(more: Readonly<Record<string, string>> = {}): Record<string, string> {
  const directives: Record<string, string> = {
    'default-src': "'none'", 'script-src': "'self' 'wasm-unsafe-eval'", 'worker-src': "'self'", 'connect-src': "'self'", 'media-src': 'blob:', ...more,
  };
  return { 'content-security-policy': Object.entries(directives).map(([name, value]) => `${name} ${value}`).join('; ') };
}

/** The files below `folder` as a site below `at`, all with `headers`: a worker has the policy that its script came with. */
async function folderAt(at: string, folder: string, headers: Record<string, string> = {}): Promise<Record<string, Content>> {
  const files = await filesIn(folder);
  return Object.fromEntries([...files].map(([name, body]) => [`${at}/${name}`, { type: typeOf(name), body, headers }]));
}

const html = (body: string, headers: Record<string, string>): Content => ({ type: 'text/html', body, headers });
const script = (body: string): Content => ({ type: 'text/javascript', body });

async function assertSiteClips(pages: Record<string, Content>): Promise<void> {
  const site = await serve({ '/sample.mp4': sample, ...pages });
  try {
    await assertClips(browser, site.origin);
  } finally {
    await site.close();
  }
}

test('a folder on the same server, under a strict policy', async () => {
  await assertSiteClips({
    ...(await folderAt('/vendor/livetape', join(project.livetape, 'dist'), policy())),
    '/': html(userPage('/user.js', '/vendor/livetape/tap.js'), policy()),
    '/user.js': script(userModule('/vendor/livetape/tap.js', '/vendor/livetape/index.js')),
  });
});

test('the element, under the same policy', async () => {
  const site = await serve({
    ...(await folderAt('/vendor/livetape', join(project.livetape, 'dist'), policy())),
    '/': html('<!doctype html><script src="/vendor/livetape/tap.js"></script><video id="v"></video><live-tape for="v"></live-tape><script type="module" src="/vendor/livetape/element.js"></script>', policy()),
  });
  const page = await browser.newPage();
  try {
    const problems: string[] = [];
    page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
    await page.goto(site.origin);
    await page.waitForSelector('live-tape[state=idle]');
    const height = await page.locator('live-tape button').first().evaluate((button) => getComputedStyle(button).borderTopLeftRadius);
    assert.notEqual(height, '0px', 'its style has its effect');
    assert.deepEqual(problems, []);
  } finally {
    await page.close();
    await site.close();
  }
});

test('a folder on another origin, where the policy allows workers of blobs', async () => {
  const cdn = await serve(await folderAt('/livetape@0', join(project.livetape, 'dist')));
  const from = `${cdn.origin}/livetape@0`;
  const allowed = policy({ 'script-src': `'self' 'wasm-unsafe-eval' ${cdn.origin}`, 'worker-src': 'blob:', 'connect-src': `'self' ${cdn.origin}` });
  try {
    await assertSiteClips({ '/': html(userPage('/user.js', `${from}/tap.js`), allowed), '/user.js': script(userModule(`${from}/tap.js`, `${from}/index.js`)) });
  } finally {
    await cdn.close();
  }
});

test('Vite: built', async () => {
  await project.write('vite/index.html', userPage('/user.js'));
  await project.write('vite/user.js', userModule('livetape/tap', 'livetape'));
  const root = join(project.folder, 'vite');
  await vite({ root, logLevel: 'error' });
  const built = await folderAt('', join(root, 'dist'), policy());
  await assertSiteClips({ ...built, '/': built['/index.html'] as Content });
});

test('Vite: its server, with the package left out of what it bundles beforehand', async () => {
  await project.write('vite-server/index.html', userPage('/user.js'));
  await project.write('vite-server/user.js', userModule('livetape/tap', 'livetape'));
  const root = join(project.folder, 'vite-server');
  await copy(join(import.meta.dirname, '../../www/demo/sample/sample.mp4'), join(root, 'public/sample.mp4'));
  // Browsers ask for it.
  await project.write('vite-server/public/favicon.ico', '');
  const server = await createServer({ root, configFile: false, logLevel: 'error', server: { host: 'localhost', port: 0 }, optimizeDeps: { exclude: ['livetape'] } });
  try {
    await server.listen();
    await assertClips(browser, server.resolvedUrls?.local[0] ?? '');
  } finally {
    await server.close();
  }
});

test("esbuild: the worker and its module copied beside the page's bundle", async () => {
  const user = await project.write('esbuild/user.js', userModule('livetape/tap', 'livetape'));
  const out = join(project.folder, 'esbuild/out');
  await esbuild({ entryPoints: [user], bundle: true, format: 'esm', outdir: out, logLevel: 'error' });
  const dist = join(project.livetape, 'dist');
  for (const file of ['worker.js', 'livetape_tap_bg.wasm', 'livetape_clip.wasm', 'livetape_web_bg.wasm']) await copy(join(dist, file), join(out, file));
  await assertSiteClips({ ...(await folderAt('', out, policy())), '/': html(userPage('/user.js'), policy()) });
});
