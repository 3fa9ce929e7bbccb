// Weighs files against their budgets (budgets.json: bytes, gzipped): node weigh.mjs <name> <file> [<name> <file>...]. Prints the
// sizes; exits 1 where one is over. A budget may be of what a file weighs more than another that is given.
import { readFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';

const budgets = JSON.parse(await readFile(new URL('budgets.json', import.meta.url), 'utf8'));
const sizes = new Map();
const given = process.argv.slice(2);
while (given.length > 0) {
  const [name, path] = given.splice(0, 2);
  sizes.set(name, gzipSync(await readFile(path), { level: 9 }).length);
}
for (const [name, size] of sizes) {
  const { limit, besides } = budgets[name] ?? {};
  const more = besides ? size - sizes.get(besides) : size;
  const told = besides ? `${more} bytes gzipped besides "${besides}" (${size} with it)` : `${size} bytes gzipped`;
  console.log(`${name}: ${told} (limit ${limit})`);
  if (!(more <= limit)) process.exitCode = 1;
}
