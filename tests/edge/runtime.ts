// An edge of a test's own, with a store of its own: it can be stopped, lose something, and be started again at the same address.
import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

const worker = join(import.meta.dirname, '../../worker');
const wrangler = join(worker, 'node_modules/wrangler/bin/wrangler.js');
// Without wrangler's own record of every request, which no platform keeps: it costs more than most requests do.
const environment = { ...process.env, WRANGLER_SEND_METRICS: 'false', CLOUDFLARE_CF_FETCH_ENABLED: 'false', X_LOCAL_OBSERVABILITY: 'false', NO_COLOR: '1' };

/** A port that nobody listens on. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** wrangler's local runtime. */
export class Runtime {
  readonly address: string;
  readonly apiKey = randomBytes(16).toString('hex');
  readonly #store: string;
  readonly #port: number;
  readonly #variables: readonly string[];
  #process: ChildProcess | undefined;
  #output = '';

  private constructor(store: string, port: number, variables: readonly string[]) {
    this.address = `http://localhost:${port}`;
    this.#store = store;
    this.#port = port;
    this.#variables = variables;
  }

  /** Starts one with an empty store; `variables` are `NAME:value`. */
  static async create(...variables: string[]): Promise<Runtime> {
    const store = await mkdtemp(join(tmpdir(), 'livetape-edge-'));
    const runtime = new Runtime(store, await freePort(), variables);
    const secret = randomBytes(16).toString('hex');
    await writeFile(join(store, 'secrets.env'), `LIVETAPE_SECRET=${secret}\nLIVETAPE_API_KEY=${runtime.apiKey}\n`, { mode: 0o600 });
    // Whatever becomes of the tests, nothing is left running.
    process.on('exit', () => runtime.#kill('SIGKILL'));
    await runtime.start();
    return runtime;
  }

  /** Starts it, and waits until it answers. */
  async start(): Promise<void> {
    const variables = this.#variables.flatMap((variable) => ['--var', variable]);
    const options = ['dev', '--config', 'wrangler.toml', '--ip', '127.0.0.1', '--port', String(this.#port), '--inspector-port', '0', '--show-interactive-dev-session=false'];
    const stored = ['--persist-to', this.#store, '--env-file', join(this.#store, 'secrets.env')];
    // A process group: wrangler starts others.
    const child = spawn(process.execPath, [wrangler, ...options, ...stored, ...variables], { cwd: worker, detached: true, env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#process = child;
    this.#output = '';
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (text: Buffer) => (this.#output += text.toString()));
    const until = Date.now() + 90_000;
    while (!(await this.#answers())) {
      if (child.exitCode !== null || Date.now() > until) throw new Error(`the edge did not start: ${this.#output}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async #answers(): Promise<boolean> {
    try {
      const answer = await fetch(`${this.address}/healthz`);
      await answer.body?.cancel();
      return answer.ok;
    } catch {
      return false;
    }
  }

  #kill(signal: NodeJS.Signals): void {
    const pid = this.#process?.pid;
    if (pid === undefined || this.#process?.exitCode !== null) return;
    process.kill(-pid, signal);
  }

  /** Stops it; what it stored stays. */
  async stop(): Promise<void> {
    const child = this.#process;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    this.#kill('SIGTERM');
    await ended;
  }

  /** Kills it, at whatever it is doing. */
  async kill(): Promise<void> {
    const child = this.#process;
    if (!child) return;
    const ended = once(child, 'exit');
    this.#kill('SIGKILL');
    await ended;
  }

  /** Loses all Durable Objects of some classes. It must not be running. */
  async lose(...classes: string[]): Promise<void> {
    for (const name of classes) await rm(join(this.#store, 'v3/do', `livetape-${name}`), { recursive: true });
  }

  /** Runs SQL in the database of every Durable Object of a class that has a table. It must not be running. */
  alter(name: string, table: string, sql: string): void {
    const folder = join(this.#store, 'v3/do', `livetape-${name}`);
    for (const file of readdirSync(folder).filter((each) => /^[0-9a-f]{64}\.sqlite$/.test(each))) {
      const database = new DatabaseSync(join(folder, file));
      if (database.prepare('SELECT 1 FROM sqlite_master WHERE name = ?').get(table)) database.exec(sql);
      database.close();
    }
  }

  /** Puts an object into the bucket. It must not be running. */
  async store(key: string, body: string): Promise<void> {
    const file = join(this.#store, 'object');
    await writeFile(file, body);
    const child = spawn(process.execPath, [wrangler, 'r2', 'object', 'put', `livetape/${key}`, '--file', file, '--local', '--persist-to', this.#store, '--config', 'wrangler.toml'], { cwd: worker, env: environment, stdio: 'ignore' });
    const [code] = await once(child, 'exit');
    if (code !== 0) throw new Error(`${key} was not stored: ${code}`);
  }

  /** Keys and sizes of what the bucket has below a key. */
  stored(prefix: string): { key: string; size: number }[] {
    return this.#bucket(true, (database) => {
      const rows = database.prepare('SELECT key, size FROM _mf_objects ORDER BY key').all();
      return rows.map(({ key, size }) => ({ key: String(key), size: Number(size) })).filter(({ key }) => key.startsWith(prefix));
    });
  }

  /** Loses what the bucket has below a key. It must not be running. */
  loseStored(prefix: string): void {
    this.#bucket(false, (database) => {
      database.prepare('DELETE FROM _mf_objects WHERE key LIKE ?').run(`${prefix}%`);
      return [];
    });
  }

  #bucket<T>(readOnly: boolean, each: (database: DatabaseSync) => T[]): T[] {
    const folder = join(this.#store, 'v3/r2/miniflare-R2BucketObject');
    const files = readdirSync(folder).filter((name) => name.endsWith('.sqlite') && name !== 'metadata.sqlite');
    return files.flatMap((name) => {
      const database = new DatabaseSync(join(folder, name), { readOnly, timeout: 5_000 });
      try {
        return each(database);
      } finally {
        database.close();
      }
    });
  }

  /** What a query gives of the rows of all Durable Objects of a class. Where it changes them, it must not be running. */
  rows(name: string, query: string): Record<string, unknown>[] {
    const folder = join(this.#store, 'v3/do', `livetape-${name}`);
    const files = readdirSync(folder).filter((file) => file.endsWith('.sqlite') && file !== 'metadata.sqlite');
    return files.flatMap((file) => {
      const database = new DatabaseSync(join(folder, file), { timeout: 5_000 });
      try {
        return database.prepare(query).all();
      } finally {
        database.close();
      }
    });
  }

  /** Stops it and removes its store. */
  async remove(): Promise<void> {
    await this.stop();
    await rm(this.#store, { recursive: true, force: true });
  }
}
