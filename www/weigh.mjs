// Weighs a file against its budget (budgets.json): node weigh.mjs <name> <file>. Prints its size; exits 1 where it is over.
import { readFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';

const [name, path] = process.argv.slice(2);
const budgets = JSON.parse(await readFile(new URL('budgets.json', import.meta.url), 'utf8'));
const size = gzipSync(await readFile(path), { level: 9 }).length;
console.log(`${name}: ${size} bytes gzipped (limit ${budgets[name]})`);
if (!(size <= budgets[name])) process.exitCode = 1;
