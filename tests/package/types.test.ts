// The package's declarations, used as a strict project uses them.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, test } from 'node:test';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { install, type Project } from './installed.ts';

let project: Project;

before(async () => {
  project = await install();
});

after(() => project?.remove());

const tsc = fileURLToPath(new URL('../../www/node_modules/typescript/bin/tsc', import.meta.url));

/** What the compiler says of a file of that text; nothing where it is right. */
async function compiled(text: string, resolution: 'bundler' | 'nodenext'): Promise<string> {
  const file = await project.write(`${resolution}/user.ts`, text);
  const modules = resolution === 'bundler' ? 'esnext' : 'nodenext';
  const options = ['--strict', '--noEmit', '--exactOptionalPropertyTypes', '--target', 'es2022', '--lib', 'es2022,dom', '--types', '', '--module', modules, '--moduleResolution', resolution];
  return new Promise((resolve) => {
    execFile(process.execPath, [tsc, ...options, file], { cwd: join(project.folder, resolution) }, (_, stdout, stderr) => resolve(stdout + stderr));
  });
}

const used = `
import 'livetape/tap';
import 'livetape/element';
import { LiveTape, LiveTapeError, errorTable, type Clip, type ErrorCode, type Recording, type TapeWindow } from 'livetape';
const video = document.querySelector('video') as HTMLVideoElement;
const tape: LiveTape = await LiveTape.tap(video, { window: 3600 });
tape.addEventListener('window', ({ detail }) => { const { start, end, bytes, held }: TapeWindow = detail; console.log(start, end, bytes, held); });
const clip: Clip = await tape.clip({ last: 30 });
const blob: Blob = clip.blob;
clip.close();
const recording: Recording = await tape.record({ edge: 'https://edge.example', template: 'pub_1', title: 'Derby', metadata: { room: '12' } });
recording.addEventListener('progress', ({ detail }) => console.log(detail.elapsed, detail.uploaded));
const { playback } = await recording.stop();
const page: string = playback.page;
const element = document.querySelector('live-tape');
element?.addEventListener('livetape-mark', ({ detail }) => console.log(detail.label, detail.at));
element?.addEventListener('livetape-clip', ({ detail }) => console.log(detail.duration));
const code = (error: unknown): ErrorCode | string => (error instanceof LiveTapeError ? error.code : errorTable.closed);
console.log(blob.size, page, code(undefined));
`;

for (const resolution of ['bundler', 'nodenext'] as const) {
  test(`what is used rightly compiles (${resolution})`, async () => {
    assert.equal(await compiled(used, resolution), '');
  });
}

test('what is used wrongly does not', async () => {
  const said = await compiled(`
import { LiveTape } from 'livetape';
const tape = await LiveTape.pull('https://example/live.m3u8');
await tape.clip({ latest: 30 });
await tape.record({ template: 'pub_1' });
tape.addEventListener('windows', () => undefined);
await tape.record({ edge: 'https://edge.example', template: 'pub_1', metadata: { room: 12 } });
`, 'bundler');
  const lines = [...said.matchAll(/user\.ts\((\d+),/g)].map((match) => Number(match[1]));
  assert.deepEqual(lines, [4, 5, 6, 7], said);
});
