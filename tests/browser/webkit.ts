// Starts the WebKitGTK that the tests drive: MiniBrowser on a display of its own, by plain WebDriver.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';

/** Why there is no WebKitGTK to start here; undefined where there is one. */
export const noWebKit = process.platform === 'linux' ? undefined : 'WebKitGTK and Xvfb are looked for on Linux alone';

/** Milliseconds that a script may take: more than any test here may. */
const scriptTimeout = 120_000;

/** Runs the script in its first argument as the page's own and hands on what comes of it, as JSON: WebDriver's own copies are slow. */
const runner = `
  const [script, done] = arguments;
  new Promise((resolve) => resolve((0, eval)(script))).then(
    (value) => done({ json: JSON.stringify(value) ?? 'null' }),
    (error) => done({ error: String(error) }),
  );`;

/** The one page of a WebKitGTK. */
export interface WebKitPage {
  goto(url: string): Promise<void>;
  /** Value of an expression, or what its promise comes to. It goes through JSON. */
  evaluate(script: string): Promise<unknown>;
}

/** A running WebKitGTK. */
export interface WebKit {
  newPage(): Promise<WebKitPage>;
  close(): Promise<void>;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, 'localhost');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Rejects when `program` cannot be started or ends. */
function failure(program: ChildProcess): Promise<never> {
  return new Promise((_, reject) => {
    program.once('error', reject);
    program.once('exit', (code, signal) => reject(new Error(`${program.spawnfile} ended: ${code ?? signal}`)));
  });
}

function runs({ pid, exitCode, signalCode }: ChildProcess): boolean {
  return pid !== undefined && exitCode === null && signalCode === null;
}

async function end(program: ChildProcess): Promise<void> {
  if (!runs(program)) return;
  const ended = once(program, 'exit');
  program.kill('SIGTERM');
  await ended;
}

/** An X display that is nowhere to be seen; with its name. */
async function display(): Promise<{ name: string; server: ChildProcess }> {
  // It looks for a free number itself and writes it to file 3 once it takes callers.
  const server = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', '1280x800x24', '-nolisten', 'tcp'], { stdio: ['ignore', 'ignore', 'ignore', 'pipe'] });
  process.once('exit', () => server.kill());
  const failed = failure(server);
  failed.catch(() => undefined);
  const [number] = (await Promise.race([once(server.stdio[3] as NodeJS.ReadableStream, 'data'), failed])) as [Buffer];
  return { name: `:${number.toString().trim()}`, server };
}

/** One WebDriver command; gives the answer's `value`. */
async function command(method: 'POST' | 'DELETE', url: string, body?: unknown): Promise<unknown> {
  const response = await fetch(url, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
  const { value } = (await response.json()) as { value: unknown };
  if (response.ok) return value;
  const { error, message } = value as { error: string; message: string };
  throw new Error(`WebDriver: ${error}: ${message}`);
}

/** Begins a session as soon as the driver at `url` takes calls; gives the session's URL. */
async function session(driver: ChildProcess, url: string): Promise<string> {
  const capabilities = { alwaysMatch: { timeouts: { script: scriptTimeout } } };
  for (;;) {
    try {
      const { sessionId } = (await command('POST', `${url}/session`, { capabilities })) as { sessionId: string };
      return `${url}/session/${sessionId}`;
    } catch (error) {
      const { code } = ((error as Error).cause ?? {}) as { code?: string };
      if (code !== 'ECONNREFUSED' || !runs(driver)) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

/** WebKitGTK's MiniBrowser by its WebDriver: `LIVETAPE_WEBKIT` is the driver's path, else Debian's. */
export async function launchWebKit(): Promise<WebKit> {
  const { name, server } = await display();
  const port = await freePort();
  const driver = spawn(process.env['LIVETAPE_WEBKIT'] ?? '/usr/bin/WebKitWebDriver', [`--port=${port}`], {
    env: { ...process.env, DISPLAY: name, NO_AT_BRIDGE: '1' },
    stdio: 'ignore',
  });
  process.once('exit', () => driver.kill());
  const stop = async (): Promise<void> => {
    await end(driver);
    await end(server);
  };
  const failed = failure(driver);
  failed.catch(() => undefined);
  try {
    const url = await Promise.race([session(driver, `http://127.0.0.1:${port}`), failed]);
    const page: WebKitPage = {
      goto: async (to) => void (await command('POST', `${url}/url`, { url: to })),
      evaluate: async (script) => {
        const { json, error } = (await command('POST', `${url}/execute/async`, { script: runner, args: [script] })) as { json?: string; error?: string };
        if (json === undefined) throw new Error(error);
        return JSON.parse(json);
      },
    };
    return {
      newPage: async () => page,
      close: async () => {
        await command('DELETE', url).finally(stop);
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
