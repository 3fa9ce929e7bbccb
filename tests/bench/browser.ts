// The engines in a worker of headless Chromium, one run after another, interleaved.
import { launchProfile } from '../browser/chromium.ts';
import type { Inputs } from './input.ts';
import { serve } from './server.ts';
import { contentOf, difference, filesIn, type Content } from './verify.ts';
import type { Asked, Ran } from './worker.ts';

/** An engine's runs. */
export interface Runs {
  readonly engine: string;
  readonly ran: Ran[];
  /** How its output differs from the source, or why there is none; empty where it does not. */
  readonly wrong: string;
}

/** Everything that is run in the browser. */
export interface Browsed {
  readonly version: string;
  readonly checksum: Runs[];
  /** The same of a `File` whose bytes the browser holds. */
  readonly held: Runs[];
  readonly opfs: Runs[];
  /** The file read before, and nothing done with the output: the engines alone. */
  readonly alone: Runs[];
  /** The fragmented twin, and two files of equally many samples, the second with ten times the bytes. */
  readonly twin: Runs[];
  readonly small: Runs[];
  readonly large: Runs[];
}

const all = ['livetape', 'mediabunny', 'mux.js', 'hls.js', 'ffmpeg.wasm'];
/** Those that can be given a file that was read before. */
const readBefore = ['livetape', 'mediabunny', 'mux.js', 'hls.js'];
/** Without the sums of what is stored, and with them. */
export const unsummed = 'livetape without sums';
const both = [unsummed, 'livetape'];
const bare = ['read', 'read and checksum'];
const longest = 60_000;

/** How a run is asked for: into what, from where, and which of the files. */
type How = Pick<Asked, 'into' | 'from'> & { readonly input: number };

type Run = (engine: string, how: How) => Promise<Ran>;

/** Runs all engines. */
export async function browse(inputs: Inputs, cuts: readonly number[], source: Content, folder: string, rounds: number): Promise<Browsed> {
  const outputs = `${folder}/outputs`;
  const site = await serve(outputs);
  const browser = await launchProfile(`${folder}/profile`);
  const page = await browser.newPage();
  page.setDefaultTimeout(longest);
  await page.goto(site.origin);
  for (const [index, file] of [inputs.ts, inputs.stream, inputs.small, inputs.large].entries()) await page.locator('input').nth(index).setInputFiles(file);
  const run: Run = (engine, { into, from, input }) => {
    const asked = { engine, into, from, cuts, warmUp: into !== 'memory' };
    type Page = { run(asked: object, input: number): Promise<Ran> };
    const ran = page.evaluate(([asked, input]) => (globalThis as unknown as Page).run(asked, input), [asked, input] as const);
    return Promise.race([ran, late(engine)]);
  };
  try {
    const wrong = new Map<string, string>();
    for (const engine of all) wrong.set(engine, await check(run, engine, 0, outputs, source));
    const twinWrong = new Map<string, string>();
    for (const engine of both) twinWrong.set(engine, await check(run, engine, 1, outputs, source));
    const browsed = {
      version: browser.browser()?.version() ?? 'unknown',
      checksum: await interleaved(run, [...bare, ...all], { into: 'checksum', from: 'disk', input: 0 }, rounds, wrong),
      held: await interleaved(run, [...bare, ...readBefore], { into: 'checksum', from: 'memory', input: 0 }, rounds, wrong),
      opfs: await interleaved(run, all, { into: 'opfs', from: 'disk', input: 0 }, rounds, wrong),
      alone: await interleaved(run, readBefore, { into: 'nothing', from: 'buffers', input: 0 }, rounds, wrong),
      twin: await interleaved(run, [...bare, ...both], { into: 'checksum', from: 'disk', input: 1 }, rounds, twinWrong),
      small: await interleaved(run, both, { into: 'nothing', from: 'buffers', input: 2 }, rounds, new Map()),
      large: await interleaved(run, both, { into: 'nothing', from: 'buffers', input: 3 }, rounds, new Map()),
    };
    return browsed;
  } finally {
    await browser.close();
    await site.close();
  }
}

/** A run that is not timed, whose output is looked at. */
async function check(run: Run, engine: string, input: number, outputs: string, source: Content): Promise<string> {
  try {
    await run(engine, { into: 'memory', from: 'disk', input });
    const found = difference(source, await contentOf(await filesIn(`${outputs}/${engine}`)));
    console.log(`  output of ${engine}, file ${input}: ${found || 'whole'}`);
    return found;
  } catch (error) {
    return String(error).split('\n')[0] ?? 'it failed';
  }
}

async function interleaved(run: Run, engines: readonly string[], how: How, rounds: number, wrong: ReadonlyMap<string, string>): Promise<Runs[]> {
  const runs = engines.map((engine) => ({ engine, ran: [] as Ran[], wrong: wrong.get(engine) ?? '' }));
  for (let round = 0; round < rounds; round++) {
    for (const each of runs) {
      try {
        const ran = await run(each.engine, how);
        each.ran.push(ran);
        console.log(`  ${how.from} to ${how.into}, file ${how.input}, ${each.engine}: ${ran.millis.toFixed(0)} ms`);
      } catch (error) {
        each.wrong ||= String(error).split('\n')[0] ?? 'it failed';
      }
    }
  }
  return runs;
}

function late(engine: string): Promise<never> {
  return new Promise((_, reject) => setTimeout(() => reject(new Error(`${engine} took longer than ${longest / 1000} s`)), longest).unref());
}
