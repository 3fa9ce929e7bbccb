// `cargo xtask bench media`: every engine over one stream. Started with the folder for its inputs, the built command line, and
// optionally a number of rounds; writes its section of BENCHMARKS.md.
import { open, rm, stat } from 'node:fs/promises';
import { browse } from './browser.ts';
import { inputs, segmentStarts } from './input.ts';
import { native } from './native.ts';
import { isReached, markdown, targets, type Measured } from './report.ts';
import { writeSection } from './sections.ts';
import { commit, firstLine, load, machine, root, today, version } from './setting.ts';
import { contentOf } from './verify.ts';

/** Bytes of media data boxes, without their headers (ISO/IEC 14496-12 §8.1.1). */
async function payloadOf(mp4: string): Promise<number> {
  const file = await open(mp4);
  const { size } = await file.stat();
  const header = Buffer.alloc(16);
  let [sum, at] = [0, 0];
  while (at < size) {
    await file.read(header, 0, 16, at);
    const short = header.readUInt32BE(0);
    const length = short === 1 ? Number(header.readBigUInt64BE(8)) : short;
    if (length < 8) break;
    if (header.toString('latin1', 4, 8) === 'mdat') sum += length - (short === 1 ? 16 : 8);
    at += length;
  }
  await file.close();
  return sum;
}

const [folder = '', livetape = '', rounds = '5'] = process.argv.slice(2);
const made = await inputs(folder);
const source = await contentOf([made.ts]);
const measuredCommit = commit();
const before = load();
// They are short, and the disk's times vary.
const timed = await native(livetape, made.ts, source, folder, 3 * Number(rounds));
console.log(`browser: ${rounds} rounds`);
const browsed = await browse(made, await segmentStarts(made.ts), source, folder, Number(rounds));
await rm(`${folder}/outputs`, { recursive: true, force: true });
const modules = ['tests/node_modules/mediabunny', 'tests/node_modules/mux.js', 'tests/node_modules/hls.js', 'tests/bench/node_modules/@ffmpeg/core'];
const measured: Measured = {
  setting: {
    date: today(),
    machine,
    load: `load average ${before} at the start, ${load()} at the end`,
    versions: [`Chromium ${browsed.version}`, firstLine('ffmpeg', '-version').split(' ').slice(0, 3).join(' '), firstLine('rustc', '--version').split(' (')[0], ...modules.map(version)].join(', '),
    rounds: Number(rounds),
    commit: measuredCommit,
  },
  bytes: (await stat(made.ts)).size,
  twinBytes: (await stat(made.stream)).size,
  twinPayload: await payloadOf(made.stream),
  content: `300 s of 1080p30 H.264 with B-frames (${source.pictures} pictures) and AAC (${source.sound} frames)`,
  browsed,
  native: timed,
};
const text = markdown(measured);
console.log(text);
const all = [browsed.checksum, browsed.held, browsed.opfs, browsed.alone, browsed.twin, browsed.small, browsed.large].flat();
const incomplete = all.some(({ ran }) => ran.length < Number(rounds));
if (incomplete) console.error('some runs failed: BENCHMARKS.md is left as it is');
else await writeSection(`${root}BENCHMARKS.md`, 'media', text);
const ours = [...browsed.checksum, ...browsed.opfs, ...browsed.twin].filter(({ engine }) => engine.startsWith('livetape')).map(({ wrong }) => wrong);
const wrong = [...ours, timed[0]?.wrong ?? ''].filter((each) => each !== '');
for (const each of new Set(wrong)) console.error(`livetape's output is not the source's: ${each}`);
const missed = targets(measured).filter((target) => !isReached(target));
console.log(missed.length === 0 ? 'every target is reached' : `${missed.length} targets are missed`);
process.exitCode = wrong.length > 0 ? 1 : 0;
