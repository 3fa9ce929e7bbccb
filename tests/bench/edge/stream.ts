// The stream that is recorded: a few kilobytes a second, so that hours of it are stored in a minute.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { contentDigest, endless, takenApart, type Recording, type Sample } from '../../edge/edge.ts';
import { send, type Got } from './client.ts';

/** Seconds of an object, as the recorder's are. */
export const seconds = 4;

/** 16 s of pictures and sound in objects of 4 s. */
export async function makeStream(): Promise<Sample> {
  const folder = await mkdtemp(join(tmpdir(), 'livetape-bench-'));
  try {
    const file = join(folder, 'stream.mp4');
    const sources = ['-f', 'lavfi', '-i', 'testsrc2=size=320x180:rate=25', '-f', 'lavfi', '-i', 'sine=frequency=440:sample_rate=48000'];
    const coding = ['-c:v', 'libx264', '-preset', 'veryfast', '-b:v', '80k', '-g', '100', '-keyint_min', '100', '-sc_threshold', '0', '-pix_fmt', 'yuv420p', '-c:a', 'aac', '-b:a', '32k'];
    const format = ['-t', '16', '-frames:a', '750', '-movflags', '+frag_keyframe+empty_moov+default_base_moof', file];
    execFileSync('ffmpeg', ['-v', 'error', '-y', ...sources, ...coding, ...format]);
    return takenApart(readFileSync(file), seconds);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Stores an object of the stream, made endless. */
export function put(recording: Recording, stream: Sample, seq: number): Promise<Got> {
  const bytes = endless(seq, stream);
  const headers = { 'content-digest': contentDigest(bytes), 'livetape-config': stream.config };
  return send('PUT', `${recording.ingest_url}/objects/main/${seq}`, { key: recording.ingest_token, body: bytes, headers });
}

/** A recording that begins. */
export async function begin(edge: string, key: string, stream: Sample): Promise<Recording> {
  const made = await send('POST', `${edge}/v1/recordings`, { key, body: '{}' });
  const recording = JSON.parse(made.body.toString()) as Recording;
  await send('PUT', `${recording.ingest_url}/configs/${stream.config}`, { key: recording.ingest_token, body: stream.init });
  return recording;
}

/** A recording of so many objects, sent a few at a time. */
export async function record(edge: string, key: string, stream: Sample, objects: number): Promise<Recording> {
  const recording = await begin(edge, key, stream);
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < objects) await put(recording, stream, next++);
  };
  await Promise.all(Array.from({ length: 4 }, lane));
  return recording;
}
