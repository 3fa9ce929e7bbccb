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
  const size = gzipSync(await readFile(`${sdk}/tap.js`), { level: 9 }).length;
  const { limit } = budgets['tap.js'];
  console.log(`tap.js: ${size} bytes gzipped (limit ${limit})`);
  if (size > limit) throw new Error(`tap.js is over its limit by ${size - limit} bytes`);
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
    const module = await readFile(`${sdk}/${name}_bg.wasm`);
    console.log(`${name}_bg.wasm: ${gzipSync(module, { level: 9 }).length} bytes gzipped`);
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

async function buildSite() {
  await rm(site, { recursive: true, force: true });
  await mkdir(site, { recursive: true });
  await build({
    ...common,
    entryPoints: { demo: `${here}demo/demo.ts`, watch: `${here}demo/watch.ts`, page: `${here}demo/page.css` },
    outdir: `${site}/assets`,
    plugins: [servedPackage],
  });
  for (const page of ['index.html', 'watch.html']) await cp(`${here}demo/${page}`, `${site}/${page}`);
  await cp(sdk, `${site}/livetape`, { recursive: true });
  // Pages of other sites load the package from here, worker and module included.
  await writeFile(`${site}/_headers`, '/livetape/*\n  Access-Control-Allow-Origin: *\n  Cross-Origin-Resource-Policy: cross-origin\n');
}

await buildSdk();
await buildSite();
