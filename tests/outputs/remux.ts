// Runs the `livetape` command as a user does.
import { spawn } from 'node:child_process';
import { join } from 'node:path';

/** A file that `livetape remux` wrote, as its report describes it. Times in seconds. */
export interface OutputFile {
  readonly path: string;
  readonly start: number;
  readonly duration: number;
  readonly tracks: readonly { readonly kind: string; readonly samples: number }[];
}

/** What `livetape remux` did. */
export interface Remuxed {
  readonly files: readonly OutputFile[];
  /** The codes of what it warned of, in order. */
  readonly warnings: readonly string[];
}

function command(): string {
  const path = process.env['LIVETAPE_CLI'];
  if (!path) throw new Error('LIVETAPE_CLI is not set: start these tests with "cargo xtask test"');
  return path;
}

/** `livetape remux` of `inputs` to `<name>.mp4` in `folder`. Rejects with what it printed when it fails. */
export function remux(folder: string, name: string, inputs: readonly string[], ...options: string[]): Promise<Remuxed> {
  return new Promise((resolve, reject) => {
    const args = ['remux', ...inputs, '-o', join(folder, `${name}.mp4`), '--json', ...options];
    const child = spawn(command(), args, { stdio: ['ignore', 'pipe', 'pipe'], timeout: 60_000, killSignal: 'SIGKILL' });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    child.on('error', reject);
    child.on('close', (code) => {
      if (code !== 0) return reject(new Error(`livetape ${args.join(' ')}: exit ${code}\n${stderr}`));
      const { files } = JSON.parse(stdout) as { files: OutputFile[] };
      resolve({ files, warnings: [...stderr.matchAll(/^warning\[(\w+)\]/gm)].map((match) => String(match[1])) });
    });
  });
}
