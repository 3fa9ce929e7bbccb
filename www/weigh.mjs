// Weighs a file against its budget (budgets.json: bytes, gzipped): node weigh.mjs <name> <file> [<name> <file>...]. Prints the
// sizes; exits 1 where one is over.
import { readFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';

const budgets = JSON.parse(await readFile(new URL('budgets.json', import.meta.url), 'utf8'));
const given = process.argv.slice(2);
while (given.length > 0) {
  const [name, path] = given.splice(0, 2);
  const size = gzipSync(await readFile(path), { level: 9 }).length;
  const limit = budgets[name]?.limit;
  console.log(`${name}: ${size} bytes gzipped (limit ${limit})`);
  if (!(size <= limit)) process.exitCode = 1;
}
