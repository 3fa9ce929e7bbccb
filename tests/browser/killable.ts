// A Chromium with a profile on disk that can be killed as a user's machine kills it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { chromium, type BrowserContext } from 'playwright-core';
import { options } from './chromium.ts';

/** A Chromium whose process is ours. */
export interface Killable {
  readonly context: BrowserContext;
  /** Where its DevTools listen. */
  readonly address: string;
  /** Ends the process at once, as nothing in it can foresee. */
  kill(): Promise<void>;
  close(): Promise<void>;
}

/** Starts it with the profile in `folder`, which it leaves there. */
export async function launchKillable(folder: string): Promise<Killable> {
  const port = join(folder, 'DevToolsActivePort');
  await rm(port, { force: true });
  // With a page of its own to begin with: the one it opens else is another process by the time it is there, and who attaches meanwhile may wait for ever.
  const args = [...options.args, '--headless=new', '--remote-debugging-port=0', `--user-data-dir=${folder}`, 'about:blank'];
  const own = spawn(options.executablePath, args, { stdio: 'ignore' });
  const stop = (): void => void own.kill('SIGKILL');
  process.once('exit', stop);
  const exited = once(own, 'exit').then(() => process.off('exit', stop));
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    own.kill(signal);
    await exited;
  };
  const address = await listening(port, () => own.exitCode === null && own.signalCode === null);
  const browser = await chromium.connectOverCDP(address).catch(async (error: unknown) => {
    await end('SIGKILL');
    throw error;
  });
  const [context] = browser.contexts();
  if (!context) throw new Error('Chromium has no profile');
  return {
    context,
    address,
    kill: () => end('SIGKILL'),
    close: async () => {
      await browser.close();
      await end('SIGTERM');
    },
  };
}

/** Where DevTools listen, as Chromium writes it into its profile once they do. */
async function listening(file: string, runs: () => boolean): Promise<string> {
  while (runs()) {
    const [, port, path] = /^(\d+)\n(.+)/.exec(await readFile(file, 'utf8').catch(() => '')) ?? [];
    if (port && path) return `ws://127.0.0.1:${port}${path}`;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error('Chromium did not start');
}
