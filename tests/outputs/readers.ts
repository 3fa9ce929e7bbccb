// The same file as three readers that are not ours see it: ffprobe, mediabunny, mp4box.js.
import { readFile } from 'node:fs/promises';
import { ALL_FORMATS, BufferSource, EncodedPacketSink, Input, type InputTrack } from 'mediabunny';
import { createFile, Log, MP4BoxBuffer, type ISOFile } from 'mp4box';
import { runTool } from '../media/tool.ts';

/** One sample. Times in seconds. */
export interface ReadSample {
  readonly time: number;
  readonly size: number;
  /** Can be decoded without any before it. */
  readonly sync: boolean;
}

/** The samples of a file in decode order; no track of a kind is an empty list. */
export interface ReadFile {
  readonly video: readonly ReadSample[];
  readonly audio: readonly ReadSample[];
  /** Everything the reader complained of. */
  readonly complaints: readonly string[];
}

/** What ffprobe reads: with edit lists applied, or (`raw`) the times of the sample tables. */
export async function byFfprobe(path: string, raw = false): Promise<ReadFile> {
  const { stdout, stderr } = await runTool('ffprobe', [
    '-v', 'warning', ...(raw ? ['-ignore_editlist', '1'] : []),
    '-show_entries', 'packet=codec_type,pts_time,size,flags', '-of', 'json', path,
  ]);
  const { packets } = JSON.parse(stdout.toString()) as { packets: { codec_type: string; pts_time: string; size: string; flags: string }[] };
  const of = (kind: string): ReadSample[] =>
    packets
      .filter((packet) => packet.codec_type === kind)
      .map((packet) => ({ time: Number(packet.pts_time), size: Number(packet.size), sync: packet.flags.startsWith('K') }));
  return { video: of('video'), audio: of('audio'), complaints: stderr.split('\n').filter((line) => line !== '') };
}

async function packetsOf(track: InputTrack | null): Promise<ReadSample[]> {
  const samples: ReadSample[] = [];
  if (!track) return samples;
  for await (const { timestamp, byteLength, type } of new EncodedPacketSink(track).packets()) {
    samples.push({ time: timestamp, size: byteLength, sync: type === 'key' });
  }
  return samples;
}

/** What mediabunny reads, edit lists applied. */
export function byMediabunny(path: string): Promise<ReadFile> {
  return hearing(async () => {
    using input = new Input({ source: new BufferSource(await readFile(path)), formats: ALL_FORMATS });
    return { video: await packetsOf(await input.getPrimaryVideoTrack()), audio: await packetsOf(await input.getPrimaryAudioTrack()) };
  });
}

/** What mp4box.js reads: it gives the times of the sample tables and leaves edit lists to its user. */
export function byMp4box(path: string): Promise<ReadFile> {
  return hearing(async (complain) => {
    Log.setLogLevel(Log.warn);
    const file: ISOFile = createFile();
    let movie: { kind: string; id: number }[] = [];
    file.onError = (module, message) => complain(`${module}: ${message}`);
    file.onReady = ({ tracks }) => (movie = tracks.map(({ id, type }) => ({ kind: type ?? 'none', id })));
    const bytes = await readFile(path);
    const body = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
    file.appendBuffer(MP4BoxBuffer.fromArrayBuffer(body, 0), true);
    file.flush();
    const of = (kind: string): ReadSample[] =>
      movie
        .filter((track) => track.kind === kind)
        .flatMap(({ id }) => file.getTrackSamplesInfo(id))
        .map(({ cts, timescale, size, is_sync: sync }) => ({ time: cts / timescale, size, sync }));
    return { video: of('video'), audio: of('audio') };
  });
}

/** Runs a reader that complains on the console; these readers are asked one after another. */
async function hearing(read: (complain: (message: string) => void) => Promise<Omit<ReadFile, 'complaints'>>): Promise<ReadFile> {
  const complaints: string[] = [];
  const own = { warn: console.warn, error: console.error };
  console.warn = console.error = (...words: unknown[]) => void complaints.push(words.map(String).join(' '));
  try {
    return { ...(await read((message) => complaints.push(message))), complaints };
  } finally {
    Object.assign(console, own);
  }
}
