// The command line beside ffmpeg's: whole processes, from file to file.
import { spawnSync } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { contentOf, difference, type Content } from './verify.ts';

/** A command and what it took, each round. */
export interface Timed {
  readonly name: string;
  readonly command: string;
  readonly millis: number[];
  /** How its output differs from the source; empty where it does not. */
  readonly wrong: string;
}

/** Runs the commands in turn, `rounds` times after one that does not count; their outputs are looked at in the end. */
export async function native(livetape: string, input: string, source: Content, folder: string, rounds: number): Promise<Timed[]> {
  const out = `${folder}/native.mp4`;
  const ffmpeg = ['ffmpeg', '-v', 'error', '-nostdin', '-y', '-i', input, '-c', 'copy'];
  const commands: [string, string[]][] = [
    ['livetape remux', [livetape, 'remux', input, '-o', out]],
    ['ffmpeg -c copy', [...ffmpeg, out]],
    ['ffmpeg -c copy -movflags +faststart', [...ffmpeg, '-movflags', '+faststart', out]],
    // On the disk, as livetape's is.
    ['ffmpeg -c copy, then sync --data', ['sh', '-c', '"$@" && sync --data "$0"', out, ...ffmpeg, out]],
  ];
  const timed: Timed[] = [];
  for (const [name, words] of commands) {
    await run(words, out);
    timed.push({ name, command: words.join(' '), millis: [], wrong: difference(source, await contentOf([out])) });
  }
  for (let round = 0; round < rounds; round++) {
    for (const [index, [, words]] of commands.entries()) timed[index]?.millis.push(await run(words, out));
    console.log(`  ${timed.map(({ name, millis }) => `${name}: ${millis.at(-1)?.toFixed(0)} ms`).join(', ')}`);
  }
  await rm(out, { force: true });
  return timed;
}

async function run([program = '', ...args]: readonly string[], out: string): Promise<number> {
  await rm(out, { force: true });
  // What the run before left for the disk is not this one's to wait for.
  spawnSync('sync');
  const started = performance.now();
  const { status, stderr } = spawnSync(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const millis = performance.now() - started;
  if (status !== 0) throw new Error(`${program}: ${String(stderr).slice(-500)}`);
  return millis;
}
