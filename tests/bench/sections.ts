// BENCHMARKS.md: one section for each bench, which each rewrites alone.
import { readFile, writeFile } from 'node:fs/promises';

const head = '# Benchmarks\n\nWritten by `cargo xtask bench`. Other work on the machine moves all times, so that ratios are the result and times are not.\n';

/** The document with the section of that name put in, or put in the place of what it was. */
export function withSection(document: string, name: string, text: string): string {
  const [begin, end] = [`<!-- bench ${name} -->`, `<!-- end of bench ${name} -->`];
  const section = `${begin}\n${text.trim()}\n${end}`;
  const [from, to] = [document.indexOf(begin), document.indexOf(end)];
  if (from >= 0 && to > from) return document.slice(0, from) + section + document.slice(to + end.length);
  return `${document.trim()}\n\n${section}\n`;
}

/** Writes a section of the document at `path`; makes the document where there is none. */
export async function writeSection(path: string, name: string, text: string): Promise<void> {
  const document = await readFile(path, 'utf8').catch(() => head);
  await writeFile(path, withSection(document, name, text));
}
