// Requests as a bench sends them: over connections that are kept, with the times of the first and the last byte.
import { Agent, request, type IncomingHttpHeaders } from 'node:http';

const agent = new Agent({ keepAlive: true, maxSockets: 1_200 });

/** What came back; the body is counted, and kept only where it is small. */
export interface Got {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly bytes: number;
  /** Milliseconds until the first byte of the body, and until the last. */
  readonly first: number;
  readonly last: number;
}

export interface Sent {
  readonly key?: string;
  readonly headers?: Record<string, string>;
  readonly body?: Uint8Array | string;
}

/** Most bytes of a body that is kept. */
const kept = 4 << 20;

/** Sends a request, which is to succeed. */
export function send(method: string, url: string, given: Sent = {}): Promise<Got> {
  const { key, headers = {}, body } = given;
  const { promise, resolve, reject } = Promise.withResolvers<Got>();
  const bearer = key === undefined ? {} : { authorization: `Bearer ${key}` };
  const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
  const from = performance.now();
  const sent = request(url, { method, agent, headers: { ...headers, ...bearer, ...length } }, (answer) => {
    let [bytes, first] = [0, NaN];
    const chunks: Buffer[] = [];
    answer.on('data', (chunk: Buffer) => {
      if (bytes === 0) first = performance.now() - from;
      bytes += chunk.length;
      if (bytes <= kept) chunks.push(chunk);
    });
    answer.on('error', reject);
    answer.on('end', () => {
      const last = performance.now() - from;
      const status = answer.statusCode ?? 0;
      const read = Buffer.concat(chunks);
      if (status >= 300) reject(new Error(`${method} ${url}: ${status} ${read.subarray(0, 200).toString()}`));
      else resolve({ status, headers: answer.headers, body: read, bytes, first, last });
    });
  });
  sent.on('error', (error: NodeJS.ErrnoException) => {
    // A kept connection may be ended by the other side just when it is used again: nothing of the request was read.
    if (sent.reusedSocket && error.code === 'ECONNRESET') resolve(send(method, url, given));
    else reject(error);
  });
  sent.end(body);
  return promise;
}

/** Milliseconds until the first byte of a body, of which no more is read. */
export function firstByte(url: string): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const from = performance.now();
  const sent = request(url, (answer) => {
    answer.once('data', () => {
      resolve(performance.now() - from);
      sent.destroy();
    });
    answer.on('error', reject);
  });
  sent.on('error', reject);
  sent.end();
  return promise;
}

/** Requests to Durable Objects that an answer says it cost, and operations on R2. */
export function costs({ headers }: Got): { readonly objects: number; readonly r2: number } {
  const told = String(headers['livetape-cost']);
  const count = (name: string): number => Number(new RegExp(`\\b${name}=(\\d+)`).exec(told)?.[1]);
  return { objects: count('durable-objects'), r2: count('class-a') + count('class-b') };
}

/** The value below which that share of the values lies. */
export function share(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? NaN;
}
