// `cargo xtask bench edge`: what the edge takes of processor, storage and time. Started optionally with a number of rounds: 200
// requests to a route, and 2 h of a recording, for each; writes its section of BENCHMARKS.md.
import { costs, firstByte, send, share } from './edge/client.ts';
import { uploaded, watched } from './edge/load.ts';
import { memory, type Memory } from './edge/memory.ts';
import { carrying, control, type Figures, type Setting } from './edge/routes.ts';
import { makeStream, record, seconds } from './edge/stream.ts';
import { writeSection } from './sections.ts';
import { commit, load, machine, root, today, version } from './setting.ts';
import { Runtime } from '../edge/runtime.ts';

const rounds = Number(process.argv[2] ?? 5);
const hours = 2 * rounds;
const mebibyte = 2 ** 20;
const mebi = (bytes: number): string => (bytes / mebibyte).toFixed(0);

const before = load();
const runtime = await Runtime.create('LIVETAPE_COUNT:1');
try {
  const stream = await makeStream();
  const edge = runtime.address;
  const objects = (hours * 3_600) / seconds;
  console.log(`recording ${hours} h: ${objects} objects`);
  const long = await record(edge, runtime.apiKey, stream, objects);
  const setting: Setting = { edge, key: runtime.apiKey, stream, long, requests: 200 * rounds };
  const play = long.playback.hls.replace('index.m3u8', '');

  const whole = await send('GET', `${play}media.m3u8`);
  const reload = await send('GET', `${play}media.m3u8?_HLS_skip=YES`);
  const routes = await control(setting);
  const carried = await carrying(setting);
  const loads = [await watched(setting, 'by the id', 4_000 * rounds), await watched(setting, 'by tokens', 4_000 * rounds), await uploaded(setting)];

  // The index is read again.
  const restarted = async (): Promise<void> => {
    await runtime.stop();
    await runtime.start();
    await send('GET', `${edge}/healthz`);
  };
  const { mp4 } = long.playback;
  await restarted();
  const coldWhole = await firstByte(mp4);
  const wholes: number[] = [];
  for (let number = 0; number < 4 * rounds; number += 1) wholes.push(await firstByte(mp4));
  await restarted();
  const range = (bytes: string): ReturnType<typeof send> => send('GET', mp4, { headers: { range: `bytes=${bytes}` } });
  const cold = await range('0-99');
  const size = Number(/\/(\d+)$/.exec(String(cold.headers['content-range']))?.[1]);
  const heads: number[] = [];
  const middles: number[] = [];
  for (let number = 0; number < 4 * rounds; number += 1) {
    heads.push((await range('0-99')).first);
    const at = Math.floor((size * (number + 1)) / (4 * rounds + 1));
    middles.push((await range(`${at}-${at + 99_999}`)).first);
  }
  const reads = costs(await range(`${Math.floor(size / 2)}-${Math.floor(size / 2) + 99_999}`)).r2;

  // Once for what the runtime keeps.
  await memory(setting, 256);
  const files: Memory[] = [];
  for (const size of [64, 256, 1_024]) files.push(await memory(setting, size));
  const [small, large] = [files[0], files.at(-1)];
  if (small === undefined || large === undefined) throw new Error('no file was sent');

  const dearest = Math.max(...routes.filter(({ route }) => !route.includes('all of it')).map(({ cpu }) => cpu));
  const clip = routes.find(({ route }) => route === 'POST clips')?.p50 ?? NaN;
  const grown = Math.max(large.sending - small.sending, large.reading - small.reading) / mebibyte;
  const first = share(heads, 0.5);
  const targets = [
    ['processor of a request to a control, playlist or fast-plane route, the dearest', '<= 10 ms', `${dearest.toFixed(1)} ms`, dearest <= 10],
    ['a clip is created, p50', '<= 50 ms', `${clip.toFixed(1)} ms`, clip <= 50],
    [`first byte of video.mp4 of ${hours} h, median`, '<= 150 ms', `${first.toFixed(0)} ms`, first <= 150],
    ['the same of the whole, not of a range', '<= 150 ms', `${share(wholes, 0.5).toFixed(0)} ms`, share(wholes, 0.5) <= 150],
    ['the first of all, after a start of the runtime', '<= 150 ms', `${cold.first.toFixed(0)} ms`, cold.first <= 150],
    ['the same of the whole', '<= 150 ms', `${coldWhole.toFixed(0)} ms`, coldWhole <= 150],
    ['a reload of its playlist', '<= 3000 bytes', `${reload.bytes} bytes`, reload.bytes <= 3_000],
    [`memory, of a file of ${mebi(large.bytes)} MiB beyond that of one of ${mebi(small.bytes)}`, '<= 64 MiB', `${grown.toFixed(0)} MiB`, grown <= 64],
  ] as const;
  const row = ({ route, requests, cpu, p50, p99, bytes, r2, objects, carries }: Figures): string => {
    const own = carries ? `${(cpu / (bytes / mebibyte)).toFixed(1)} a MiB` : cpu.toFixed(1);
    return `| ${route} | ${requests} | ${own} | ${p50.toFixed(1)} | ${p99.toFixed(1)} | ${r2.toFixed(2)} | ${objects.toFixed(2)} | ${bytes.toFixed(0)} |`;
  };
  const text = `## Edge

\`cargo xtask bench edge\`. Commit ${commit()}, ${today()}, ${machine}, load average ${before} at the start, ${load()} at the end. ${version('worker/node_modules/wrangler')}, ${version('worker/node_modules/workerd')}, ${process.version}.

| | wanted | reached | |
|---|---|---|---|
${targets.map(([what, wanted, reached, met]) => `| ${what} | ${wanted} | ${reached} | ${met ? 'yes' : '**no**'} |`).join('\n')}

Processor is that of the process that runs the Worker and its Durable Objects and keeps R2's and SQLite's files, all threads, user and system; wrangler's own record of every request is off, as no platform has it. Times are those of a client on the same machine, through wrangler's own proxy, one request after another. R2 and Durable Objects: operations and requests for each request.

| route | requests | processor, ms | p50, ms | p99, ms | R2 | Durable Objects | bytes |
|---|---:|---:|---:|---:|---:|---:|---:|
${[...routes, ...carried].map(row).join('\n')}

The recording is ${hours} h long, ${objects} objects, and still grows. \`media.m3u8\`: ${whole.bytes} bytes, a reload of it ${reload.bytes}.

Its \`video.mp4\`, ${mebi(size)} MiB, after a start of the runtime: the first byte of the first 100 after ${cold.first.toFixed(0)} ms, as the index is read from its pages (${coldWhole.toFixed(0)} where the whole is asked for); later ${first.toFixed(0)} ms (median of ${heads.length}, worst ${Math.max(...heads).toFixed(0)}). Of 100 kB in its middle: ${share(middles, 0.5).toFixed(0)} ms (worst ${Math.max(...middles).toFixed(0)}), ${reads} reads from R2.

| at the same time | requests | a second | p50, ms | p99, ms | Durable Objects a request | processor a request, ms |
|---|---:|---:|---:|---:|---:|---:|
${loads.map(({ what, requests, rate, p50, p99, objects, cpu }) => `| ${what} | ${requests} | ${rate.toFixed(0)} | ${p50.toFixed(0)} | ${p99.toFixed(0)} | ${objects.toFixed(3)} | ${cpu.toFixed(1)} |`).join('\n')}

A viewer reloads the playlist every 4 s and fetches the newest object (${stream.fragments[1]?.bytes.length} bytes): two requests. What is asked for by the id of a public recording is remembered for up to a second, what is asked for with a token is not. The client runs beside the runtime on the same processors.

| file | memory while it is sent, MiB | while it is read, MiB |
|---|---:|---:|
${files.map(({ bytes, sending, reading }) => `| ${mebi(bytes)} MiB | ${mebi(sending)} | ${mebi(reading)} |`).join('\n')}
`;
  console.log(text);
  await writeSection(`${root}BENCHMARKS.md`, 'edge', text);
  const missed = targets.filter(([, , , met]) => !met);
  console.log(missed.length === 0 ? 'every target is reached' : `${missed.length} targets are missed`);
} finally {
  await runtime.remove();
}
process.exit();
