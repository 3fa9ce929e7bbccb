// Where a bench ran: the machine, the programs and the commit.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';

/** The repository, with a slash at its end. */
export const root = fileURLToPath(new URL('../../', import.meta.url));

/** Its machine. */
export const machine = `${cpus().length} cores of a shared virtual machine`;

/** Processes that want to run, averaged over a minute. */
export const load = (): string => (loadavg()[0] ?? 0).toFixed(1);

/** The day, as ISO 8601 has it. */
export const today = (): string => new Date().toISOString().slice(0, 10);

/** Name and version of an npm package at that path of the repository. */
export function version(path: string): string {
  const { name, version } = JSON.parse(readFileSync(`${root}${path}/package.json`, 'utf8')) as { name: string; version: string };
  return `${name} ${version}`;
}

/** The first line that a program prints. */
export function firstLine(program: string, ...args: string[]): string {
  return execFileSync(program, args).toString().split('\n')[0] ?? '';
}

/** The commit that is measured, with a mark where files differ from it. */
export function commit(): string {
  try {
    return firstLine('git', '-C', root, 'describe', '--always', '--dirty', '--exclude', '*');
  } catch {
    return 'unknown';
  }
}
