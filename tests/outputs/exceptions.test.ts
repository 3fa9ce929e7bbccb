// The exceptions of the differential test (crates/cli/tests/differential/exceptions.txt): the reader that a row names reads the
// source as the command does.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import muxjs from 'mux.js';
import { runTool } from '../media/tool.ts';
import { byMediabunny, byMp4box } from './readers.ts';
import { remux } from './remux.ts';

/** ffprobe's six decimal places of two times, in seconds. */
const rounding = 2e-6;

type Kind = 'video' | 'audio';

/** Throws where a reader reads `file` in another way than the source. */
type Judge = (source: string, file: string, kind: Kind) => Promise<void>;

const judges: Readonly<Record<string, Judge>> = {
  'mp4box.js': same(byMp4box),
  mediabunny: same(byMediabunny),
  'mux.js': async (source, file, kind) => {
    const [expected, found] = await Promise.all([timesOf(await byMuxjs(source, kind)), timesOf(file, kind)]);
    assert.ok(expected.length > 0);
    assert.equal(found.length, expected.length);
    const off = found.flatMap((time, index) => (Math.abs(time - (expected[index] ?? NaN)) < rounding ? [] : [index]));
    assert.deepEqual(off, []);
  },
};

let folder: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'livetape-exceptions-'));
});

after(async () => {
  if (folder) await rm(folder, { recursive: true });
});

/** The same samples in both: times, sizes, keyframes. */
function same(read: typeof byMp4box): Judge {
  return async (source, file, kind) => {
    const expected = (await read(source))[kind];
    assert.ok(expected.length > 0);
    assert.deepEqual((await read(file))[kind], expected);
  };
}

/** What mux.js makes of a transport stream's track: the path of an MP4. */
async function byMuxjs(source: string, kind: Kind): Promise<string> {
  const transmuxer = new muxjs.mp4.Transmuxer({ keepOriginalTimestamps: true, remux: false });
  const parts: Uint8Array[] = [];
  transmuxer.on('data', ({ type, initSegment, data }) => {
    if (type === kind) parts.push(initSegment, data);
  });
  transmuxer.push(await readFile(source));
  transmuxer.flush();
  const path = join(folder, 'by-mux.js.mp4');
  await writeFile(path, Buffer.concat(parts));
  return path;
}

/** Decode and presentation time of each sample in turn, in seconds since the first is decoded and shown. */
async function timesOf(path: string, kind?: Kind): Promise<number[]> {
  const select = kind ? ['-select_streams', kind.charAt(0)] : [];
  const entries = ['-show_entries', 'packet=dts_time,pts_time', '-of', 'json'];
  const { stdout } = await runTool('ffprobe', ['-v', 'error', '-ignore_editlist', '1', ...select, ...entries, path]);
  const { packets } = JSON.parse(stdout.toString()) as { packets: { dts_time: string; pts_time: string }[] };
  const times = packets.map((packet) => [Number(packet.dts_time), Number(packet.pts_time)] as const);
  const [decoded, shown] = times[0] ?? [NaN, NaN];
  return times.flatMap(([dts, pts]) => [dts - decoded, pts - shown]);
}

const table = await readFile(new URL('../../crates/cli/tests/differential/exceptions.txt', import.meta.url), 'utf8');
const rows = table.split('\n').filter((line) => line && !line.startsWith('#')).map((line) => line.split('|').map((column) => column.trim()));
const asked = new Set(rows.map(([name, difference = '', , reader = '']) => JSON.stringify([name, difference.split(':')[0], reader])));

for (const row of asked) {
  const [name, kind, reader] = JSON.parse(row) as [string, Kind, string];
  const judge = judges[reader];
  if (!judge) continue; // ffmpeg's decoder, which is asked beside the table
  const media = process.env['LIVETAPE_MEDIA'];
  test(`${name}: ${reader} agrees about ${kind}`, { skip: media ? false : 'no fixtures (LIVETAPE_MEDIA)' }, async () => {
    assert.ok(media);
    const { files } = await remux(folder, 'file', [join(media, name)]);
    assert.equal(files.length, 1);
    await judge(join(media, name), files[0]?.path ?? '', kind);
  });
}
