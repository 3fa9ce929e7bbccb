// A Chromium with a profile on disk that can be killed as a user's machine kills it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { chromium, type BrowserContext } from 'playwright-core';
import { options } from './chromium.ts';

/** A Chromium whose process is ours. */
export interface Killable {
  readonly context: BrowserContext;
  /** Ends the process at once, as nothing in it can foresee. */
  kill(): Promise<void>;
  close(): Promise<void>;
}

/** Starts it with the profile in `folder`, which it leaves there. */
export async function launchKillable(folder: string): Promise<Killable> {
  const own = spawn(options.executablePath, [...options.args, '--headless=new', '--remote-debugging-port=0', `--user-data-dir=${folder}`], { stdio: ['ignore', 'ignore', 'pipe'] });
  const exited = once(own, 'exit');
  process.once('exit', () => own.kill('SIGKILL'));
  let address: string | undefined;
  for await (const line of createInterface(own.stderr)) {
    address = /DevTools listening on (ws:\S+)/.exec(line)?.[1];
    if (address) break;
  }
  if (!address) throw new Error('Chromium did not start');
  own.stderr.resume();
  const browser = await chromium.connectOverCDP(address);
  const [context] = browser.contexts();
  if (!context) throw new Error('Chromium has no profile');
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    own.kill(signal);
    await exited;
  };
  return {
    context,
    kill: () => end('SIGKILL'),
    close: async () => {
      await browser.close();
      await end('SIGTERM');
    },
  };
}
