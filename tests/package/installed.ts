// The npm package as a user gets it: packed by npm, installed into an empty project.
import { execFile } from 'node:child_process';
import { cp, mkdir, readdir, readFile, rm, writeFile, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);

const sdk = fileURLToPath(new URL('../../www/sdk', import.meta.url));

/** A project that has the package and nothing else. */
export interface Project {
  readonly folder: string;
  /** The package as it was installed. */
  readonly livetape: string;
  /** Writes a file of the project; gives its path. */
  write(name: string, text: string): Promise<string>;
  remove(): Promise<void>;
}

/** Packs the package and installs it into a new project. */
export async function install(): Promise<Project> {
  const folder = await mkdtemp(join(tmpdir(), 'livetape-package-'));
  const { stdout } = await run('npm', ['pack', '--silent', '--pack-destination', folder], { cwd: sdk });
  await writeFile(join(folder, 'package.json'), '{ "private": true, "type": "module" }');
  await run('npm', ['install', '--silent', '--offline', '--no-audit', `./${stdout.trim()}`], { cwd: folder });
  return {
    folder,
    livetape: join(folder, 'node_modules', 'livetape'),
    async write(name, text) {
      const path = join(folder, name);
      await mkdir(join(path, '..'), { recursive: true });
      await writeFile(path, text);
      return path;
    },
    remove: () => rm(folder, { recursive: true }),
  };
}

/** Copies what is in `from` to `to`. */
export const copy = (from: string, to: string): Promise<void> => cp(from, to, { recursive: true });

/** The files below `folder`, by their path in it. */
export async function filesIn(folder: string): Promise<Map<string, Buffer>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return new Map(await Promise.all(files.map(async (file) => [file.slice(folder.length + 1), await readFile(file)] as const)));
}
