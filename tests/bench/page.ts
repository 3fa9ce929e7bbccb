// The bench's page: a file input, and a fresh worker for each run.
import Hls from 'hls.js';
import type { Asked, Ran } from './worker.ts';

const hlsConfig = JSON.stringify(Hls.DefaultConfig);

/** The chosen files again, whose bytes the browser holds. */
const held = new Map<number, File>();

async function chosen(input: number, from: Asked['from']): Promise<File | undefined> {
  const file = document.querySelectorAll('input')[input]?.files?.[0];
  if (!file || from !== 'memory') return file;
  const inMemory = held.get(input) ?? new File([await file.arrayBuffer()], file.name);
  held.set(input, inMemory);
  return inMemory;
}

/** Runs one engine over the chosen file. */
async function run(asked: Omit<Asked, 'file' | 'hlsConfig'>, input: number): Promise<Ran> {
  const file = await chosen(input, asked.from);
  const worker = new Worker('/worker.js', { type: 'module' });
  return new Promise<Ran>((resolve, reject) => {
    worker.onmessage = ({ data }: MessageEvent<Ran | { failed: string }>) => ('failed' in data ? reject(new Error(data.failed)) : resolve(data));
    worker.onerror = (event) => reject(new Error(event.message));
    worker.postMessage({ ...asked, file, hlsConfig });
  }).finally(() => worker.terminate());
}

Object.assign(globalThis, { run });
