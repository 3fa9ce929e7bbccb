// `cargo xtask bench media`: every engine over one stream. Started with the folder for its inputs, the built command line, and
// optionally a number of rounds; writes its section of BENCHMARKS.md.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { open, rm, stat } from 'node:fs/promises';
import { cpus, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { browse } from './browser.ts';
import { inputs, segmentStarts } from './input.ts';
import { native } from './native.ts';
import { isReached, markdown, targets, type Measured } from './report.ts';
import { writeSection } from './sections.ts';
import { contentOf } from './verify.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

function version(path: string): string {
  const { name, version } = JSON.parse(readFileSync(`${root}${path}/package.json`, 'utf8')) as { name: string; version: string };
  return `${name} ${version}`;
}

function firstLine(program: string, ...args: string[]): string {
  return execFileSync(program, args).toString().split('\n')[0] ?? '';
}

/** The commit that is measured, with a mark where files differ from it. */
function commit(): string {
  try {
    return firstLine('git', '-C', root, 'describe', '--always', '--dirty', '--exclude', '*');
  } catch {
    return 'unknown';
  }
}

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
const load = loadavg()[0] ?? 0;
console.log(`native: ${rounds} rounds`);
const timed = await native(livetape, made.ts, source, folder, Number(rounds));
console.log(`browser: ${rounds} rounds`);
const browsed = await browse(made, await segmentStarts(made.ts), source, folder, Number(rounds));
await rm(`${folder}/outputs`, { recursive: true, force: true });
const modules = ['tests/node_modules/mediabunny', 'tests/node_modules/mux.js', 'tests/node_modules/hls.js', 'tests/bench/node_modules/@ffmpeg/core'];
const measured: Measured = {
  setting: {
    date: new Date().toISOString().slice(0, 10),
    machine: `${cpus().length} cores of a shared virtual machine`,
    load: `load average ${load.toFixed(1)} at the start, ${(loadavg()[0] ?? 0).toFixed(1)} at the end`,
    versions: [`Chromium ${browsed.version}`, firstLine('ffmpeg', '-version').split(' ').slice(0, 3).join(' '), firstLine('rustc', '--version').split(' (')[0], ...modules.map(version)].join(', '),
    rounds: Number(rounds),
    commit: measuredCommit,
  },
  bytes: (await stat(made.ts)).size,
  twinBytes: (await stat(made.fmp4)).size,
  twinPayload: await payloadOf(made.fmp4),
  content: `300 s of 1080p30 H.264 with B-frames (${source.pictures} pictures) and AAC (${source.sound} frames)`,
  browsed,
  native: timed,
};
const text = markdown(measured);
console.log(text);
const all = [browsed.checksum, browsed.opfs, browsed.memory, browsed.twin, browsed.small, browsed.large].flat();
const incomplete = all.some(({ ran }) => ran.length < Number(rounds));
if (incomplete) console.error('some runs failed: BENCHMARKS.md is left as it is');
else await writeSection(`${root}BENCHMARKS.md`, 'media', text);
const ours = [...browsed.checksum, ...browsed.opfs].filter(({ engine }) => engine === 'livetape').map(({ wrong }) => wrong);
const wrong = [...ours, timed[0]?.wrong ?? ''].filter((each) => each !== '');
for (const each of new Set(wrong)) console.error(`livetape's output is not the source's: ${each}`);
const missed = targets(measured).filter((target) => !isReached(target));
console.log(missed.length === 0 ? 'every target is reached' : `${missed.length} targets are missed`);
process.exitCode = wrong.length > 0 ? 1 : 0;
