// The edge under test, and the sample taken apart to be put there.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { samplePath } from '../media/sample.ts';

/** Where the edge listens. */
export const edge = process.env['LIVETAPE_EDGE'] ?? 'http://localhost:8787';
/** The key that may create recordings. */
export const apiKey = process.env['LIVETAPE_API_KEY'] ?? '';

/** One `moof` with its `mdat`. */
export interface Fragment {
  readonly bytes: Buffer;
  /** Seconds. */
  readonly baseTime: number;
  /** Seconds. */
  readonly duration: number;
}

/** A fragmented file as the edge takes it. */
export interface Sample {
  readonly init: Buffer;
  readonly config: string;
  readonly fragments: readonly Fragment[];
  /** Ticks a second of its tracks, in the order of its init segment. */
  readonly timescales: readonly number[];
}

/** The demo's sample: eight fragments of 2 s, 400 pictures, 750 packets of sound. */
export const sample: Sample = takenApart(readFileSync(samplePath), 2);

/** A file of fragments of so many seconds each. */
export function takenApart(bytes: Buffer, duration: number): Sample {
  const init: Buffer[] = [];
  const fragments: Fragment[] = [];
  let moof: Buffer | undefined;
  for (let at = 0; at < bytes.length; ) {
    const size = bytes.readUInt32BE(at);
    const box = bytes.subarray(at, at + size);
    const type = box.toString('latin1', 4, 8);
    if (type === 'moof') moof = box;
    else if (type === 'mdat' && moof) {
      fragments.push({ bytes: Buffer.concat([moof, box]), baseTime: fragments.length * duration, duration });
    } else if (type === 'ftyp' || type === 'moov') init.push(box);
    at += size;
  }
  const initBytes = Buffer.concat(init);
  const timescales = boxes(initBytes, 'mdhd').map((at) => initBytes.readUInt32BE(at + (initBytes[at + 4] === 1 ? 24 : 16)));
  return { init: initBytes, config: sha256(initBytes).toString('hex').slice(0, 16), fragments, timescales };
}

/** SHA-256 of `bytes`. */
export function sha256(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}

/** `Content-Digest` of `bytes`. */
export function contentDigest(bytes: Uint8Array): string {
  return `sha-256=:${sha256(bytes).toString('base64')}:`;
}

/** A recording that is being made. */
export interface Recording {
  readonly id: string;
  readonly ingest_token: string;
  readonly ingest_url: string;
  readonly playback: { readonly page: string; readonly hls: string; readonly mp4: string };
}

/** A JSON answer with what tests look at. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // The shape is what each test asserts.
  readonly body: any; // eslint-disable-line @typescript-eslint/no-explicit-any
}

/** Sends a request and reads the answer as JSON. */
export async function call(method: string, url: string, options: { token?: string; headers?: Record<string, string>; body?: Uint8Array | string } = {}): Promise<Answer> {
  const headers: Record<string, string> = { ...options.headers };
  if (options.token !== undefined) headers['Authorization'] = `Bearer ${options.token}`;
  const response = await fetch(url, { method, headers, ...(options.body === undefined ? {} : { body: Buffer.from(options.body) }) });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text === '' ? undefined : JSON.parse(text) };
}

/** Creates a recording. */
export async function create(body: object = {}): Promise<Recording> {
  const answer = await call('POST', `${edge}/v1/recordings`, { token: apiKey, body: JSON.stringify(body) });
  if (answer.status !== 201) throw new Error(`create: ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body as Recording;
}

/** Stores the sample's init segment. */
export function putConfig(recording: Recording): Promise<Answer> {
  return call('PUT', `${recording.ingest_url}/configs/${sample.config}`, { token: recording.ingest_token, body: sample.init });
}

/** Stores `bytes` as object `seq`; `headers` are added to, or replace, those that go with it. */
export function putObject(recording: Recording, seq: number, bytes: Uint8Array, headers: Record<string, string> = {}): Promise<Answer> {
  return call('PUT', `${recording.ingest_url}/objects/main/${seq}`, {
    token: recording.ingest_token,
    body: bytes,
    headers: { 'Content-Digest': contentDigest(bytes), 'Livetape-Config': sample.config, ...headers },
  });
}

/** The sample's fragment `index`. */
export function fragment(index: number): Fragment {
  const found = sample.fragments[index];
  if (!found) throw new Error(`the sample has no fragment ${index}`);
  return found;
}

/** Stores the sample's fragment `index` as object `seq`. */
export async function putFragment(recording: Recording, seq: number, index = seq): Promise<void> {
  const answer = await putObject(recording, seq, fragment(index).bytes);
  if (answer.status !== 201) throw new Error(`object ${seq}: ${answer.status} ${JSON.stringify(answer.body)}`);
}

/** Offsets of the bytes behind each `type`. */
function boxes(bytes: Buffer, type: string): number[] {
  const found: number[] = [];
  for (let at = bytes.indexOf(type); at >= 0; at = bytes.indexOf(type, at + 4)) found.push(at);
  return found;
}

/** The fragments of a file, or of the sample, again and again: number `seq` of an endless stream. */
export function endless(seq: number, of: Sample = sample): Buffer {
  const { fragments, timescales } = of;
  const { length } = fragments;
  const { bytes, duration } = fragments[seq % length] ?? fragment(0);
  const copy = Buffer.from(bytes);
  const seconds = duration * (seq - (seq % length));
  // Only in the head: media may look like anything.
  boxes(copy.subarray(0, copy.indexOf('mdat')), 'tfdt').forEach((at, track) => {
    const ticks = BigInt(seconds) * BigInt(timescales[track] ?? 0);
    if (copy[at + 4] === 1) copy.writeBigUInt64BE(copy.readBigUInt64BE(at + 8) + ticks, at + 8);
    else copy.writeUInt32BE(copy.readUInt32BE(at + 8) + Number(ticks), at + 8);
  });
  return copy;
}

/** Stores object `seq` of the endless stream, whose first picture was at `wallClock`, where that is given. */
export async function putEndless(recording: Recording, seq: number, wallClock?: number): Promise<void> {
  const dated = wallClock === undefined ? {} : { 'Livetape-Wall-Clock': String(wallClock + 2000 * seq) };
  const answer = await putObject(recording, seq, endless(seq), dated);
  if (answer.status !== 201) throw new Error(`object ${seq}: ${answer.status} ${JSON.stringify(answer.body)}`);
}

/** Finishes a recording. */
export function finish(recording: Recording, body: object = {}): Promise<Answer> {
  return call('POST', `${recording.ingest_url}/finish`, { token: recording.ingest_token, body: JSON.stringify(body) });
}

/** A finished recording of the whole sample. */
export async function recordSample(body: object = {}): Promise<Recording> {
  const recording = await create(body);
  await putConfig(recording);
  for (let seq = 0; seq < sample.fragments.length; seq += 1) await putFragment(recording, seq);
  const finished = await finish(recording, { objects: { main: sample.fragments.length } });
  if (finished.status !== 200) throw new Error(`finish: ${finished.status}`);
  return recording;
}

/** A playlist's text. */
export async function playlist(url: string): Promise<string> {
  const response = await fetch(url);
  const text = await response.text();
  if (response.status !== 200) throw new Error(`${url}: ${response.status} ${text}`);
  return text;
}
