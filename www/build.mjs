// Builds the npm package (sdk/dist) and the edge's static pages (dist).
//
//   node build.mjs            needs sdk/wasm, which wasm-pack writes
//   node build.mjs --no-wasm  everything but the worker and its module: for work on the pages
import { build } from 'esbuild';
import { spawnSync } from 'node:child_process';
import { cp, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const here = fileURLToPath(new URL('.', import.meta.url));
/** Most bytes of files, gzipped, and what each is. */
const budgets = JSON.parse(await readFile(`${here}budgets.json`, 'utf8'));
const sdk = `${here}sdk/dist`;
const site = `${here}dist`;
const withWasm = !process.argv.includes('--no-wasm');
const common = { bundle: true, minify: true, target: 'es2022', format: 'esm', logLevel: 'warning', legalComments: 'linked' };

async function buildSdk() {
  await rm(sdk, { recursive: true, force: true });
  // An immediately called function: the same file serves as a classic script and as a module.
  await build({ ...common, entryPoints: [`${here}sdk/src/tap.ts`], outfile: `${sdk}/tap.js`, format: 'iife' });
  await build({ ...common, entryPoints: [`${here}sdk/src/index.ts`], outfile: `${sdk}/index.js`, sourcemap: true });
  await build({ ...common, entryPoints: [`${here}sdk/src/element.ts`], outfile: `${sdk}/element.js`, sourcemap: true, external: ['./index.js'] });
  if (withWasm) await buildWorker();
  for (const licence of ['LICENSE-APACHE', 'LICENSE-MIT']) await cp(`${here}../${licence}`, `${sdk}/${licence}`);
  await declareTypes();
  // A page loads it before anything else.
  await weigh('tap.js', `${sdk}/tap.js`);
}

/** Fails where the files are heavier together than their budget. */
async function weigh(name, ...files) {
  const sizes = await Promise.all(files.map(async (file) => gzipSync(await readFile(file), { level: 9 }).length));
  const size = sizes.reduce((sum, each) => sum + each);
  const { limit } = budgets[name];
  console.log(`${name}: ${size} bytes gzipped (limit ${limit})`);
  if (size > limit) throw new Error(`${name} is over its limit by ${size - limit} bytes`);
}

async function buildWorker() {
  const wasm = `${here}sdk/wasm`;
  if (!(await stat(`${wasm}/livetape_tap.js`).catch(() => undefined))) {
    throw new Error('www/sdk/wasm is not built: run "cargo xtask build", or leave it out with --no-wasm');
  }
  await build({
    ...common,
    entryPoints: [`${here}sdk/src/worker.ts`],
    outfile: `${sdk}/worker.js`,
    sourcemap: true,
    alias: { 'livetape/wasm': `${wasm}/livetape_web.js`, 'livetape/wasm-tap': `${wasm}/livetape_tap.js` },
  });
  for (const name of ['livetape_web', 'livetape_tap']) {
    for (const file of [`${name}.js`, `${name}.d.ts`, `${name}_bg.wasm`]) await cp(`${wasm}/${file}`, `${sdk}/${file}`);
  }
  await cp(`${wasm}/livetape_clip.wasm`, `${sdk}/livetape_clip.wasm`);
  for (const name of ['livetape_tap_bg.wasm', 'livetape_clip.wasm', 'livetape_web_bg.wasm']) {
    const module = await readFile(`${sdk}/${name}`);
    console.log(`${name}: ${gzipSync(module, { level: 9 }).length} bytes gzipped`);
  }
}

async function declareTypes() {
  const tsc = spawnSync(process.execPath, [`${here}node_modules/typescript/bin/tsc`, '-p', `${here}sdk`], { stdio: 'inherit' });
  if (tsc.status !== 0) throw new Error('the declarations of the SDK were not made');
}

/** The demo loads the package as any other page does: from where it is served. */
const servedPackage = {
  name: 'served package',
  setup({ onResolve }) {
    onResolve({ filter: /^livetape\/element$/ }, () => ({ path: '/livetape/element.js', external: true }));
  },
};

/** Pages of other sites load the package from here, worker and module included. The console, which holds keys, is let do nothing but its work. */
const headers = `/livetape/*
  Access-Control-Allow-Origin: *
  Cross-Origin-Resource-Policy: cross-origin
/console
  Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; img-src data: blob:; media-src 'self' blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'
  Referrer-Policy: no-referrer
  X-Content-Type-Options: nosniff
  Cache-Control: no-cache
`;

async function buildSite() {
  await rm(site, { recursive: true, force: true });
  await mkdir(site, { recursive: true });
  await build({
    ...common,
    entryPoints: { demo: `${here}demo/demo.ts`, watch: `${here}demo/watch.ts`, page: `${here}demo/page.css` },
    outdir: `${site}/assets`,
    plugins: [servedPackage],
  });
  await build({ ...common, entryPoints: [`${here}console/console.ts`, `${here}console/console.css`], outdir: `${site}/assets` });
  await weigh('console', `${site}/assets/console.js`, `${site}/assets/console.css`);
  for (const page of ['index.html', 'watch.html']) await cp(`${here}demo/${page}`, `${site}/${page}`);
  await cp(`${here}console/index.html`, `${site}/console.html`);
  await cp(sdk, `${site}/livetape`, { recursive: true });
  await writeFile(`${site}/_headers`, headers);
}

await buildSdk();
await buildSite();
