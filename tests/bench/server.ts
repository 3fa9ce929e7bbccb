// Serves the bench's page, its worker and the engines, and takes what engines made.
import { createWriteStream } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { bundled } from './bundle.ts';
import { root } from './setting.ts';

/** Serves until closed. */
export async function serve(outputs: string): Promise<{ origin: string; close(): Promise<void> }> {
  const served = await files();
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname;
    const file = served.get(path);
    if (request.method === 'PUT') {
      keep(request, outputs, path).then(
        () => response.writeHead(204).end(),
        () => response.writeHead(500).end(),
      );
    } else if (file) {
      response.writeHead(200, { 'content-type': type(path) }).end(file);
    } else {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  const close = (): Promise<void> => new Promise((resolve) => {
    server.closeAllConnections();
    server.close(() => resolve());
  });
  return { origin: `http://localhost:${(server.address() as AddressInfo).port}`, close };
}

async function files(): Promise<Map<string, Buffer | string>> {
  const read = (path: string): Promise<Buffer> => readFile(root + path);
  const inputs = [1, 2, 3, 4].map(() => '<input type="file">').join('');
  return new Map<string, Buffer | string>([
    ['/', `<!doctype html><title>bench</title>${inputs}<script type="module" src="/page.js"></script>`],
    ['/page.js', await bundled('page.ts')],
    ['/worker.js', await bundled('worker.ts')],
    ['/engines/hls.worker.js', await read('tests/node_modules/hls.js/dist/hls.worker.js')],
    ['/engines/ffmpeg-core.wasm', await read('tests/bench/node_modules/@ffmpeg/core/dist/esm/ffmpeg-core.wasm')],
    ['/livetape/livetape_web.js', await read('www/dist/livetape/livetape_web.js')],
    ['/livetape/livetape_web_bg.wasm', await read('www/dist/livetape/livetape_web_bg.wasm')],
  ]);
}

function type(path: string): string {
  if (path.endsWith('.js')) return 'text/javascript';
  return path.endsWith('.wasm') ? 'application/wasm' : 'text/html; charset=utf-8';
}

async function keep(request: IncomingMessage, outputs: string, path: string): Promise<void> {
  const [, engine = '', stream = ''] = /^\/output\/([^/]+)\/(\w+\.mp4)$/.exec(path) ?? [];
  const folder = `${outputs}/${decodeURIComponent(engine)}`;
  await mkdir(folder, { recursive: true });
  await pipeline(request, createWriteStream(`${folder}/${stream}`));
}
