/** The part of wasm-pack's output (`livetape/wasm`, `livetape/wasm-tap`) that the worker uses; crates/web has the whole. */

/** The recorder in its worker. */
export class Engine {
  /** `post` is called with each message for the page and what it transfers; `payloadSum` is asked for the sum of what is written. */
  constructor(post: (message: import('./protocol.js').FromEngine, transfer: Transferable[]) => void, payloadSum: (bytes: Uint8Array) => number);
  /** Takes a message from the page. Never throws: failures come back as messages. */
  handle(message: import('./protocol.js').ToWorker): void;
}

/** Fetches and starts the module; gives what it exports. */
export default function init(options: { module_or_path: URL }): Promise<WebAssembly.Exports>;
