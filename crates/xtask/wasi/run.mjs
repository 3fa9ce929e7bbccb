// Runs one test program built for wasm32-wasip1: `node run.mjs program.wasm [argument...]`.
// It sees the machine's files and this process's environment, as a test on the host does.
import { readFile } from 'node:fs/promises';
import { WASI } from 'node:wasi';

const [file, ...args] = process.argv.slice(2);
const wasi = new WASI({
  version: 'preview1',
  args: [file, ...args],
  env: process.env,
  preopens: { '/': '/' },
  returnOnExit: true,
});
const module = await WebAssembly.compile(await readFile(file));
// What `threads.txt` lets the linker leave open. The harness runs tests one after the other here.
const noThreads = () => {
  throw new Error('there are no threads in this runtime');
};
const open = WebAssembly.Module.imports(module).filter((entry) => entry.module === 'env');
const env = Object.fromEntries(open.map((entry) => [entry.name, noThreads]));
const instance = await WebAssembly.instantiate(module, { ...wasi.getImportObject(), env });
process.exitCode = wasi.start(instance);
