// What is recorded is what was played: taps of both demo pages across the loop, and a pull, read back by ffmpeg and mediabunny.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { launchChromium } from '../browser/chromium.ts';
import { audioPackets, decodeSound, soundDelay } from '../media/audio.ts';
import { continuity, readFrames } from '../media/frames.ts';
import { samplePath } from '../media/sample.ts';
import { complaints, runTool } from '../media/tool.ts';
import { takeAppended, watchAppends } from '../pages/appended.ts';
import { DemoPage } from '../pages/demo_page.ts';
import { demoStreams, fetchBytes, recordingState } from '../pages/edge.ts';
import { readPackets, type Packet } from '../pages/mp4.ts';
import { pullFor } from '../pages/pull.ts';
import { soundContinuity } from '../pages/series.ts';

/** Seconds of media in every recording here: more than one round of the 16 s loop. */
const seconds = 20;

/** Longest distance of sound from picture: one audio frame. */
const audioFrame = 1024 / 48_000;

/** The files of one session, and the sound that they must hold. */
interface Session {
  /** MP4 that the edge made of the recording. */
  readonly edge: string;
  /** MP4 that the client made of its whole tape. */
  readonly client: string;
  /** Seconds that the client's MP4 says it has. */
  readonly clientSeconds: number;
  /** Seconds that the edge was told. */
  readonly edgeSeconds: number;
  readonly id: string;
  /** SHA-256 of each packet of sound that the page was given, in order. */
  readonly given: readonly string[];
}

let browser: Browser;
let folder: string;
let source: readonly string[];
const sessions = new Map<string, Session>();

async function store(name: string, bytes: Uint8Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, bytes);
  return path;
}

async function tapped(stream: 'ts' | 'fmp4'): Promise<Session> {
  const demo = await DemoPage.open(browser, stream, (context) => context.addInitScript(watchAppends));
  await demo.playing();
  await demo.record();
  await demo.recorded(seconds);
  const stopped = await demo.stop();
  const all = await demo.exportAll();
  const sound = (await takeAppended(demo.page)).find(({ mime }) => mime.startsWith('audio/'));
  assert.ok(sound, 'the player has a SourceBuffer for sound');
  const given = await audioPackets(await store(`${stream}-appended.mp4`, sound.bytes));
  const session = {
    edge: await store(`${stream}-edge.mp4`, await fetchBytes(stopped.playback.mp4)),
    client: await store(`${stream}-client.mp4`, all.mp4),
    clientSeconds: all.duration,
    edgeSeconds: stopped.duration,
    id: stopped.id,
    given: given.map(({ sha256 }) => sha256),
  };
  await demo.close();
  return session;
}

async function pulled(): Promise<Session> {
  const pull = await pullFor(browser, (await demoStreams()).ts, seconds);
  // ffmpeg takes the ADTS headers off: what is left are the payloads.
  const segments = await store('pull-source.ts', Buffer.concat(pull.segments));
  const payloads = join(folder, 'pull-source.mp4');
  await runTool('ffmpeg', ['-v', 'error', '-i', segments, '-map', '0:a', '-c', 'copy', payloads]);
  return {
    edge: await store('pull-edge.mp4', await fetchBytes(pull.playback.mp4)),
    client: await store('pull-client.mp4', pull.clip),
    clientSeconds: pull.clipSeconds,
    edgeSeconds: pull.recordedSeconds,
    id: pull.id,
    given: (await audioPackets(payloads)).map(({ sha256 }) => sha256),
  };
}

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'livetape-e2e-'));
  browser = await launchChromium();
  source = (await audioPackets(samplePath)).map(({ sha256 }) => sha256);
  const [ts, fmp4, pull] = await Promise.all([tapped('ts'), tapped('fmp4'), pulled()]);
  sessions.set('tap of MPEG-TS', ts).set('tap of fMP4', fmp4).set('pull of MPEG-TS', pull);
});

after(async () => {
  await browser?.close();
  if (folder) await rm(folder, { recursive: true });
});

/** Where `part` is a stretch of `whole`; fails where it is none. */
function stretchStart(part: readonly string[], whole: readonly string[]): number {
  // The stream goes round: a packet alone is in more than one place.
  const starts = whole.flatMap((hash, at) => (hash === part[0] ? [at] : []));
  const agreeing = starts.map((start) => {
    const wrong = part.findIndex((hash, at) => hash !== whole[start + at]);
    return wrong < 0 ? part.length : wrong;
  });
  const longest = Math.max(0, ...agreeing);
  assert.equal(longest, part.length, `only the first ${longest} of ${part.length} packets are in a row among the ${whole.length} others`);
  return starts[agreeing.indexOf(longest)] ?? 0;
}

async function readSession(session: Session, file: 'edge' | 'client'): Promise<{ path: string; video: readonly Packet[]; audio: readonly Packet[] }> {
  const path = session[file];
  return { path, ...(await readPackets(new Uint8Array(await readFile(path)))) };
}

for (const name of ['tap of MPEG-TS', 'tap of fMP4', 'pull of MPEG-TS']) {
  describe(name, () => {
    const session = (): Session => {
      const found = sessions.get(name);
      assert.ok(found);
      return found;
    };

    for (const file of ['edge', 'client'] as const) {
      test(`${file}'s MP4: every picture is the successor of the one before, and decodes without a message`, async () => {
        const { frames, messages } = await readFrames(session()[file]);
        assert.deepEqual(messages, []);
        assert.ok(frames.length >= seconds * 25, `${frames.length} pictures`);
        const numbers = frames.map(({ number }) => number);
        assert.deepEqual(continuity(numbers), { frames: frames.length, missing: 0, doubled: 0, misread: 0 });
        frames.forEach(({ pts }, index) => assert.ok(Math.abs(pts - (frames[0]?.pts ?? 0) - index / 25) < 0.001, `picture ${index} at ${pts} s`));
      });

      test(`${file}'s MP4: sound is byte for byte what was given, each packet right after the one before`, async () => {
        const { path, audio } = await readSession(session(), file);
        assert.ok(audio.length >= Math.floor(seconds / audioFrame), `${audio.length} packets`);
        assert.deepEqual(soundContinuity(audio, source), { packets: audio.length, missing: 0, doubled: 0, unknown: 0, displaced: 0 });
        stretchStart(audio.map(({ sha256 }) => sha256), session().given);
        const byProbe = await audioPackets(path);
        assert.deepEqual(byProbe.map(({ sha256 }) => sha256), audio.map(({ sha256 }) => sha256));
      });

      test(`${file}'s MP4: sound and picture belong together, to one audio frame`, async () => {
        const path = session()[file];
        const [sound, { frames }] = await Promise.all([decodeSound(path), readFrames(path)]);
        const delay = soundDelay(sound, frames);
        assert.ok(Math.abs(delay) < audioFrame, `sound is ${delay} s late`);
      });

      test(`${file}'s MP4: ffmpeg decodes all of it and ffprobe reads it without a message; it is as long as it says`, async () => {
        const path = session()[file];
        const { stderr } = await runTool('ffmpeg', ['-hide_banner', '-nostdin', '-loglevel', 'level+info', '-xerror', '-i', path, '-f', 'null', '-']);
        assert.deepEqual(complaints(stderr), []);
        const probe = await runTool('ffprobe', ['-v', 'warning', '-show_entries', 'format=duration:stream=codec_type,duration,start_time', '-of', 'json', path]);
        assert.equal(probe.stderr, '');
        const { format, streams } = JSON.parse(probe.stdout.toString()) as { format: { duration: string }; streams: { duration: string; start_time: string }[] };
        const said = file === 'edge' ? session().edgeSeconds : session().clientSeconds;
        assert.ok(said >= seconds, `${said} s`);
        assert.ok(Math.abs(Number(format.duration) - said) < 0.03, `${format.duration} s, said to be ${said} s`);
        for (const { duration, start_time: start } of streams) {
          assert.ok(Math.abs(Number(start)) < audioFrame, `begins at ${start} s`);
          assert.ok(Math.abs(Number(duration) - said) < 0.05, `a track of ${duration} s in a file of ${said} s`);
        }
      });
    }

    test('the edge has packet for packet, at the same times, what the client exports of the same range', async () => {
      const [edge, client] = await Promise.all([readSession(session(), 'edge'), readSession(session(), 'client')]);
      const shifts: number[] = [];
      for (const kind of ['video', 'audio'] as const) {
        const [whole, part] = [client[kind], edge[kind]];
        const first = stretchStart(part.map(({ sha256 }) => sha256), whole.map(({ sha256 }) => sha256));
        part.forEach(({ time }, at) => shifts.push((whole[first + at]?.time ?? NaN) - time));
      }
      const [shift = NaN] = shifts;
      for (const other of shifts) assert.ok(Math.abs(other - shift) < 0.0002, `moved by ${other} s, others by ${shift} s`);
    });

    test('the edge tells the length it was given, and gives the same file again', async () => {
      const { id, edgeSeconds, edge } = session();
      const told = await recordingState(id);
      assert.equal(told.state, 'finished');
      assert.ok(Math.abs(told.duration - edgeSeconds) < 0.001, `${told.duration} s, ${edgeSeconds} s`);
      assert.ok((await readFile(edge)).equals(await fetchBytes(told.playback.mp4)));
    });
  });
}
