// www/split.mjs by itself: a small module, taken apart and run.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = join(import.meta.dirname, '../..');
let folder: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'livetape-split-'));
});

after(async () => {
  if (folder) await rm(folder, { recursive: true });
});

/** `answer(n)` is n + 40 by way of `take_out`, which doubles a number of the first part's memory; `check(0)` panics; `$told` is a text that is read, beside the place of a panic. */
const source = String.raw`(module
 (type $one (func (param i32) (result i32)))
 (import "page" "tell" (func $page::tell (param i32)))
 (global $sp (mut i32) (i32.const 20))
 (memory $0 1)
 (data $.rodata (i32.const 1024) "src/lib.rs\00\00\00\04\00\00\n\00\00\00\07\00\00\00\01\00\00\00src/not.rs")
 (table $0 2 2 funcref)
 (elem $0 (table $0) (i32.const 1) func $"<u32 as core::fmt::Display>::fmt::h0123456789abcdef")
 (export "memory" (memory $0))
 (export "answer" (func $app::answer))
 (export "check" (func $app::check))
 (export "format" (func $app::through_table))
 (func $app::answer (param $0 i32) (result i32)
  (i32.add (local.get $0) (call $"<impl app::App>::take_out::h0123456789abcdef" (i32.const 20))))
 (func $app::check (param $0 i32) (result i32)
  (if (i32.eqz (local.get $0)) (then (call $core::panicking::panic_fmt::h0123456789abcdef (i32.const 1036))))
  (local.get $0))
 (func $app::through_table (param $0 i32) (result i32)
  (call_indirect $0 (type $one) (local.get $0) (i32.const 1)))
 (func $"<impl app::App>::take_out::h0123456789abcdef" (param $0 i32) (result i32)
  (call $app::only_taken_out (local.get $0)))
 (func $app::only_taken_out (param $0 i32) (result i32)
  (call $page::tell (global.get $sp))
  (i32.add (call $app::shared (local.get $0)) (i32.const 20)))
 (func $app::shared (param $0 i32) (result i32)
  (drop (i32.load8_u (i32.const 1052)))
  (local.get $0))
 (func $app::user_of_shared (param $0 i32) (result i32)
  (call $app::shared (local.get $0)))
 (func $core::panicking::panic_fmt::h0123456789abcdef (param $0 i32)
  (drop (call $"<u32 as core::fmt::Display>::fmt::h0123456789abcdef" (local.get $0)))
  (unreachable))
 (func $"<u32 as core::fmt::Display>::fmt::h0123456789abcdef" (param $0 i32) (result i32)
  (local.get $0))
 (export "shared" (func $app::user_of_shared))
)
`;

async function parts(...gates: string[]): Promise<{ texts: string[]; modules: WebAssembly.Module[] }> {
  const [whole, ...files] = ['whole', 'first', 'later'].map((name) => join(folder, `${name}.wat`)) as [string, string, string];
  await writeFile(whole, source);
  await run(process.execPath, [join(root, 'www/split.mjs'), whole, ...files, ...gates]);
  const assembler = join(root, 'worker/node_modules/binaryen/bin/wasm-as');
  const modules = files.map(async (file) => {
    await run(process.execPath, [assembler, '--enable-reference-types', '--enable-mutable-globals', file, '-o', `${file}.wasm`]);
    return WebAssembly.compile(await readFile(`${file}.wasm`));
  });
  return { texts: await Promise.all(files.map((file) => readFile(file, 'utf8'))), modules: await Promise.all(modules) };
}

test('what is behind a gate is a module of its own, and is called once that is there', async () => {
  const { texts, modules: [first, later] } = await parts('take_out');
  assert.ok(!texts[0]?.includes('only_taken_out') && texts[1]?.includes('only_taken_out'));
  assert.ok(!texts[1]?.includes('(func $app::answer'), 'the rest is not in it');
  const told: number[] = [];
  const { exports } = await WebAssembly.instantiate(first as WebAssembly.Module, { page: { tell: (value: number) => told.push(value) } });
  const { answer, check, format, shared } = exports as Record<string, (value: number) => number>;
  assert.throws(() => answer?.(2), WebAssembly.RuntimeError, 'it is not there yet');
  await WebAssembly.instantiate(later as WebAssembly.Module, { first: exports as WebAssembly.ModuleImports });
  assert.equal(answer?.(2), 42);
  assert.deepEqual(told, [20], 'a function and a variable of the first part');
  assert.equal(shared?.(3), 3);
  assert.equal(check?.(1), 1);
  assert.throws(() => check?.(0), WebAssembly.RuntimeError, 'a panic is a trap');
  assert.throws(() => format?.(1), WebAssembly.RuntimeError, 'nothing but panics formats');
  const text = new TextDecoder().decode((exports.memory as WebAssembly.Memory).buffer.slice(1024, 1100));
  assert.ok(!text.includes('lib.rs') && text.includes('not.rs'), 'only where panics begin is forgotten');
});

test('a gate that is not there is an error', async () => {
  await assert.rejects(parts('take_out', 'hand_out'), /to be cut at take_out, hand_out; found .*take_out/);
});
