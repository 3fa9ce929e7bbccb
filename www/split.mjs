// Makes a browser's module smaller than its compiler can, by the names of its functions. Reads and writes the text of
// modules, as wasm-dis writes it:
//
//   node split.mjs <module.wat> <out.wat> [<later.wat> <function>...]
//
// - A panic says nothing in a browser: it is a trap, and what would word it is left out. So is all formatting, where
//   nothing but panics used it.
// - With `later.wat`, what is reached through the named functions alone (the last parts of their paths) is cut off into
//   a module of its own, which lives in the same memory. It is to be instantiated, with the first one's exports as its
//   imports from `first`, before any of those functions is called; a call before that is a trap. As what calls what is
//   in the module itself, nothing else can come upon what is not there yet.
import { readFile, writeFile } from 'node:fs/promises';

const [from, to, later, ...gates] = process.argv.slice(2);

/** A name as the text has it, in quotes where it must be. */
const name = String.raw`\$("(?:[^"\\]|\\.)*"|[^\s()]+)`;
const calls = new RegExp(String.raw`\((?:return_)?call ${name}|\(ref\.func ${name}`, 'g');

/** Where a panic begins, in the standard library. */
const panics = /^<?(core::panicking::|std::panicking::|(__rustc::)?rust_panic|core::cell::panic_|core::(option|result)::(unwrap|expect)_failed|core::slice::index::slice_index_fail|core::str::slice_error_fail|alloc::alloc::handle_alloc_error|alloc::raw_vec::(handle_error|capacity_overflow))|::(assert_failed|len_mismatch_fail)\b/;
/** What formats: functions that only it calls, and what it calls through tables. */
const formats = /::fmt$|::_fmt$|\bcore::fmt::|^alloc::fmt::/;

/** A function's path, as its source has it. */
function path(quoted) {
  const plain = quoted.replace(/^"|"$/g, '').replaceAll(/\[[0-9a-f]{16}\]/g, '');
  if (/^_(R|ZN)/.test(plain)) return identifiers(plain).join('::');
  return plain.replace(/\[\d+\]$/, '').replace(/::h[0-9a-f]{16}$/, '');
}

/** The words of a mangled name, without what they are of: enough to tell where in the standard library it is. */
function identifiers(mangled) {
  // Numbers of crates, of implementations and of what was there before.
  let rest = mangled.replaceAll(/(?<=C|M|X)s[0-9A-Za-z]*_|B[0-9A-Za-z]{0,2}_/g, '');
  const found = [];
  for (let length = rest.match(/\d+_?/); length; length = rest.match(/\d+_?/)) {
    const start = length.index + length[0].length;
    found.push(rest.slice(start, start + parseInt(length[0])));
    rest = rest.slice(start + parseInt(length[0]));
  }
  return found.filter((word) => !/^h[0-9a-f]{16}$/.test(word));
}

// What is said of alignment is a hint that engines pass over. Without, each instruction has the one of its kind.
const text = (await readFile(from, 'utf8')).replaceAll(/ align=\d+/g, '');
/** Every form of the module is at the beginning of a line, one space in. */
const forms = text.slice(text.indexOf('\n') + 1, text.lastIndexOf(')')).split(/\n(?= \()/);
const functions = new Map();
const rest = [];
for (const form of forms) {
  const own = form.match(new RegExp(String.raw`^ \(func ${name}`))?.[1];
  if (own) functions.set(own, form);
  else rest.push(form);
}

/** The functions that a form names. */
const named = (form, pattern) => [...form.matchAll(pattern)].map((found) => found[1] ?? found[2]).filter((own) => functions.has(own));
/** A function's first line: its name and type. */
const head = (form) => form.split('\n', 1)[0];
const empty = (own) => functions.set(own, `${head(functions.get(own))}\n  (unreachable)\n )`);

/** What is called by whom. */
const callees = () => new Map([...functions].map(([own, form]) => [own, named(form, calls)]));
const roots = rest.filter((form) => /^ \((export|elem|start)/.test(form)).flatMap((form) => named(form, new RegExp(name, 'g')));

/** All that is called from the roots on, not through `gates`. */
function reached(graph, closed = new Set()) {
  const found = new Set();
  const open = roots.filter((own) => !closed.has(own));
  for (let own = open.pop(); own; own = open.pop()) {
    if (found.has(own)) continue;
    found.add(own);
    open.push(...graph.get(own).filter((next) => !closed.has(next)));
  }
  return found;
}

for (const own of functions.keys()) if (panics.test(path(own))) empty(own);
const graph = callees();
const users = [...reached(graph)].filter((own) => !formats.test(path(own)) && graph.get(own).some((next) => formats.test(path(next)) && !panics.test(path(next))));
if (users.length > 0) console.log(`formatting stays, for ${users.map(path).join(', ')}`);
else for (const own of functions.keys()) if (formats.test(path(own))) empty(own);

forget(rest);
if (later) await split();
else await save(to, [...rest, ...functions.values()]);

/** The bytes that a text stands for. */
function unescaped(text) {
  const letters = { t: 9, n: 10, r: 13, '"': 34, "'": 39, '\\': 92 };
  const bytes = text.match(/\\[0-9a-f]{2}|\\.|[^\\]/gs).map((one) => (one.length === 3 ? parseInt(one.slice(1), 16) : one.length === 2 ? letters[one[1]] : one.charCodeAt(0)));
  return Buffer.from(bytes);
}

/** Blanks the places in the source where panics begin: each a path's address and length, a line and a column. Nothing but panics reads them. */
function forget(all) {
  const data = all.flatMap((form, at) => {
    const [, start, address, text] = form.match(/^( \(data \S+ \(i32\.const (\d+)\) )"(.*)"\)$/s) ?? [];
    return text === undefined ? [] : [{ at, start, address: Number(address), bytes: unescaped(text) }];
  });
  const read = (address, length) => {
    const own = data.find((one) => one.address <= address && address + length <= one.address + one.bytes.length);
    return own?.bytes.subarray(address - own.address, address - own.address + length);
  };
  const blank = new Set();
  for (const { bytes } of data) {
    for (let at = 0; at + 16 <= bytes.length; at += 4) {
      const [address, length] = [bytes.readUInt32LE(at), bytes.readUInt32LE(at + 4)];
      if (length < 4 || length > 300) continue;
      const path = read(address, length);
      const known = `${address} ${length}`;
      if (!path || (!blank.has(known) && !/^[\w/.@+-]+\.rs$/.test(path.toString('latin1')))) continue;
      blank.add(known);
      path.fill(0);
      bytes.fill(0, at, at + 16);
    }
  }
  for (const { at, start, bytes } of data) all[at] = `${start}"${[...bytes].map((byte) => `\\${byte.toString(16).padStart(2, '0')}`).join('')}")`;
}

/** Writes a module, the shortest functions first: what is about as long is often alike, and packs better beside its like. */
async function save(file, all) {
  const isFunction = (form) => form.startsWith(' (func ');
  const sorted = all.filter(isFunction).sort((one, other) => one.length - other.length);
  await writeFile(file, `(module\n${[...all.filter((form) => !isFunction(form)), ...sorted].join('\n')}\n)\n`);
}

/** What a function takes and gives, as in the text of a call through a table. */
function type(form) {
  const words = head(form).matchAll(/\((param|result) (?:\$\S+ )?([^()]+)\)/g);
  return [...words].map(([, kind, types]) => ({ kind, text: `(${kind} ${types})` }));
}

async function split() {
  const closed = new Set([...functions.keys()].filter((own) => gates.includes(path(own).split('::').at(-1))));
  const graph = callees();
  const first = reached(graph, closed);
  const second = [...reached(graph)].filter((own) => !first.has(own));
  const doors = second.filter((own) => closed.has(own) && [...first].some((user) => graph.get(user).includes(own)));
  if (doors.length !== gates.length) throw new Error(`to be cut at ${gates.join(', ')}; found ${doors.map(path).join(', ')}`);
  const table = rest.find((form) => /^ \(table \$\S+ \d+ \d+ funcref\)/.test(form));
  const [, tableName, size] = table.match(/^ \(table (\$\S+) (\d+)/);
  const grown = `(table ${tableName} ${Number(size) + doors.length} ${Number(size) + doors.length} funcref)`;

  // What both use: the second module imports it from the first.
  const exports = [];
  const imports = [];
  const share = (kind, own, described) => {
    const id = exports.length.toString(36);
    exports.push(` (export "+${id}" (${kind} ${own}))`);
    imports.push(` (import "first" "+${id}" ${described})`);
  };
  for (const form of rest) {
    const [, kind, own, described] = form.match(/^ \((memory|global|table) (\$\S+) (.*)\)$/s) ?? [];
    const immutable = kind === 'global' && !described.startsWith('(mut');
    if (kind && !immutable) share(kind, own, form === table ? grown : `(${kind} ${own} ${kind === 'global' ? described.match(/^\(mut \w+\)/)[0] : described})`);
  }
  const used = new Set(second.flatMap((own) => [...functions.get(own).matchAll(calls)].map((found) => found[1] ?? found[2])));
  for (const own of first) if (used.has(own)) share('func', `$${own}`, `(func $${own} ${type(functions.get(own)).map(({ text }) => text).join(' ')})`);
  for (const form of rest) {
    const [, own, described] = form.match(new RegExp(String.raw`^ \(import "[^"]*" "[^"]*" \(func ${name}(.*)\)\)$`, 's')) ?? [];
    if (own && used.has(own)) share('func', `$${own}`, `(func $${own}${described})`);
  }

  // A door is a place in the table, which is empty until the second module is there.
  const door = (own, index) => {
    const form = functions.get(own);
    const words = type(form);
    const count = words.filter(({ kind }) => kind === 'param').length;
    const given = Array.from({ length: count }, (_, at) => `(local.get ${at})`);
    return `${head(form)}\n  (call_indirect ${tableName} ${words.map(({ text }) => text).join(' ')} ${given.join(' ')} (i32.const ${Number(size) + index}))\n )`;
  };
  const kept = rest.map((form) => (form === table ? ` ${grown}` : form));
  await save(to, [...kept, ...exports, ...[...first].map((own) => functions.get(own)), ...doors.map(door)]);
  const types = rest.filter((form) => form.startsWith(' (type'));
  const element = ` (elem (table ${tableName}) (i32.const ${size}) func ${doors.map((own) => `$${own}`).join(' ')})`;
  await save(later, [...types, ...imports, element, ...second.map((own) => functions.get(own))]);
}
