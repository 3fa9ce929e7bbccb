// A small web server for pages that a test writes itself.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { readFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';

/** Body of an answer, with its type and further headers; or the path of a file below the repository. */
export type Content = Answer | { readonly file: string };

interface Answer {
  readonly type: string;
  readonly body: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

const root = fileURLToPath(new URL('../../', import.meta.url));

const types: Record<string, string> = {
  html: 'text/html; charset=utf-8', js: 'text/javascript', css: 'text/css', json: 'application/json', mp4: 'video/mp4', wasm: 'application/wasm', m3u8: 'application/vnd.apple.mpegurl',
};

/** Answers a request itself, and says so by true; what it leaves is looked for among the pages. */
export type Answerer = (path: string, request: IncomingMessage, response: ServerResponse) => boolean;

/** A running server. */
export interface Site {
  /** `http://localhost:<port>`. */
  readonly origin: string;
  close(): Promise<void>;
}

/**
 * Serves `pages` by exact path; below `/livetape/` and `/assets/` it serves what www/build.mjs has built. All of it may be
 * read by other origins, and in single ranges of bytes. `answerer` comes before all that.
 */
export async function serve(pages: Readonly<Record<string, Content>>, answerer?: Answerer): Promise<Site> {
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname;
    if (answerer?.(path, request, response)) return;
    answer(pages[path], path).then(
      ({ type, body, headers: more }) => {
        const headers = { 'content-type': type, 'access-control-allow-origin': '*', 'accept-ranges': 'bytes', ...more };
        const bytes = Buffer.from(body);
        const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? [];
        if (first === undefined || Number(first) >= bytes.length) return response.writeHead(200, headers).end(bytes);
        const part = bytes.subarray(Number(first), last ? Number(last) + 1 : bytes.length);
        const range = `bytes ${first}-${Number(first) + part.length - 1}/${bytes.length}`;
        return response.writeHead(206, { ...headers, 'content-range': range }).end(part);
      },
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  return { origin: `http://localhost:${(server.address() as AddressInfo).port}`, close: () => stop(server) };
}

async function answer(content: Content | undefined, path: string): Promise<Answer> {
  if (content && 'body' in content) return content;
  const file = content?.file ?? (/^\/(livetape|assets)\/[\w./-]+$/.test(path) && !path.includes('..') ? `www/dist${path}` : undefined);
  if (!file) throw new Error(`nothing at ${path}`);
  return { type: typeOf(file), body: await readFile(root + file) };
}

/** The media type that goes with a file's name. */
export function typeOf(name: string): string {
  return types[name.slice(name.lastIndexOf('.') + 1)] ?? 'application/octet-stream';
}

function stop(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve, reject) => server.close((error) => (error ? reject(error) : resolve())));
}
