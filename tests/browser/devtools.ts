// The DevTools protocol with the sessions of a page's workers, which playwright-core does not give.

/** Bytes that a thread's heap takes, after garbage has been collected. */
export interface Heap {
  /** Objects of scripts. */
  readonly used: number;
  /** Buffers outside the heap, the memory of WebAssembly included. */
  readonly buffers: number;
}

interface Answer {
  readonly id?: number;
  readonly method?: string;
  readonly sessionId?: string;
  readonly params?: { readonly sessionId?: string; readonly targetInfo?: { readonly type: string } };
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

/** A page with its dedicated workers. */
export class DevTools {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, { resolve: (result: never) => void; reject: (error: Error) => void }>();
  readonly #workers: string[] = [];
  #page = '';
  #calls = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener('message', ({ data }) => this.#received(JSON.parse(String(data)) as Answer));
  }

  /** Attaches to the page at `url` in the browser whose DevTools listen at `address`. */
  static async attach(address: string, url: string): Promise<DevTools> {
    const socket = new WebSocket(address);
    await new Promise((resolve, reject) => {
      socket.addEventListener('open', resolve, { once: true });
      socket.addEventListener('error', () => reject(new Error(`no DevTools at ${address}`)), { once: true });
    });
    const tools = new DevTools(socket);
    const { targetInfos } = await tools.#call<{ targetInfos: { targetId: string; type: string; url: string }[] }>('Target.getTargets');
    const target = targetInfos.find((info) => info.type === 'page' && info.url === url);
    if (!target) throw new Error(`no page at ${url}`);
    const attached = await tools.#call<{ sessionId: string }>('Target.attachToTarget', { targetId: target.targetId, flatten: true });
    tools.#page = attached.sessionId;
    await tools.#call('Target.setAutoAttach', { autoAttach: true, waitForDebuggerOnStart: false, flatten: true }, tools.#page);
    return tools;
  }

  /** The page's heap. */
  pageHeap(): Promise<Heap> {
    return this.#heap(this.#page);
  }

  /** The heap of its only worker. */
  workerHeap(): Promise<Heap> {
    return this.#heap(this.#worker());
  }

  /** The value of an expression in its only worker. */
  async inWorker(expression: string): Promise<unknown> {
    const { result } = await this.#call<{ result: { value: unknown } }>('Runtime.evaluate', { expression, returnByValue: true }, this.#worker());
    return result.value;
  }

  close(): void {
    this.#socket.close();
  }

  #worker(): string {
    const [worker, ...others] = this.#workers;
    if (!worker || others.length > 0) throw new Error(`the page has ${this.#workers.length} workers`);
    return worker;
  }

  async #heap(session: string): Promise<Heap> {
    await this.#call('HeapProfiler.collectGarbage', {}, session);
    const usage = await this.#call<{ usedSize: number; backingStorageSize: number }>('Runtime.getHeapUsage', {}, session);
    return { used: usage.usedSize, buffers: usage.backingStorageSize };
  }

  #call<Result>(method: string, params: object = {}, sessionId?: string): Promise<Result> {
    const id = ++this.#calls;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#socket.send(JSON.stringify({ id, method, params, sessionId }));
    });
  }

  #received({ id, method, params, result, error }: Answer): void {
    if (method === 'Target.attachedToTarget' && params?.targetInfo?.type === 'worker' && params.sessionId) this.#workers.push(params.sessionId);
    const waiting = id === undefined ? undefined : this.#waiting.get(id);
    if (id === undefined || !waiting) return;
    this.#waiting.delete(id);
    if (error) waiting.reject(new Error(error.message));
    else waiting.resolve(result as never);
  }
}
