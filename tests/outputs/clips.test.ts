// Clips that begin at any picture of a GOP with B-frames: what ffmpeg, Chromium, Firefox and WebKitGTK show first and then, and
// the sound to it.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { decodeSound, scale, soundDelay, type Sound } from '../media/audio.ts';
import { readFrames, type Frame } from '../media/frames.ts';
import { pathOf } from './outputs.ts';
import { browsers, missing, Player } from './player.ts';
import { remux } from './remux.ts';
import { transportStream } from './sources.ts';

/** The sample's second GOP. */
const gop = { first: 50, frames: 50 };

/** Frames in a clip. */
const length = 30;

/** Frames that are looked at in a clip, and how far from the middle of each, in seconds. */
const looked = [12, 0, 1, 2, 29] as const;

/** Every so many clips in one fragmented form too. */
const fragmentedStep = 7;

/** A clip that begins with picture `number`. */
interface Clip {
  readonly number: number;
  readonly path: string;
}

let folder: string;
let clips: readonly Clip[];
let fragmented: readonly Clip[];

/** A clip from picture `number` on. */
async function cut(stream: string, number: number, ...form: string[]): Promise<Clip> {
  const range = ['--start', String(number / 25), '--end', String((number + length) / 25)];
  const clip = await remux(folder, `clip-${number}${form.join('')}`, [stream], ...range, ...form);
  assert.deepEqual([clip.warnings, clip.files[0]?.start], [[], number / 25]);
  return { number, path: pathOf(clip) };
}

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'livetape-clips-'));
  const stream = await transportStream(folder);
  const numbers = Array.from({ length: gop.frames }, (_, index) => gop.first + index);
  clips = await Promise.all(numbers.map((number) => cut(stream, number)));
  const fewer = numbers.filter((_, index) => index % fragmentedStep === 0);
  fragmented = await Promise.all(fewer.map((number) => cut(stream, number, '--fragmented')));
});

after(async () => {
  if (folder) await rm(folder, { recursive: true });
});

/** Every `step`th clip. */
function some(step: number): readonly Clip[] {
  return clips.filter((_, index) => index % step === 0);
}

/** The tones change in step with the pictures, to within 4 ms. `sound` begins with the first picture, number `number`. */
function assertInStep(sound: Sound, number: number): void {
  const changes = sound.toneChanges();
  assert.ok(changes.length > 0, `${changes.length} changes of tone from picture ${number} on`);
  for (const { time, to } of changes) {
    const due = to * scale.seconds - number / 25;
    assert.ok(Math.abs(time - due) < 0.004, `from picture ${number} on: tone ${to} begins at ${time} s, not ${due} s`);
  }
}

test('in ffmpeg: exactly these pictures from 0 on, and the sound in step', async () => {
  for (const { number, path } of some(7)) {
    const [{ frames, messages }, sound] = await Promise.all([readFrames(path), decodeSound(path)]);
    assert.deepEqual(messages, []);
    assert.deepEqual(frames.map((frame) => frame.number), Array.from({ length }, (_, index) => number + index));
    frames.forEach(({ pts }, index) => assert.ok(Math.abs(pts - index / 25) < 0.0005, `picture ${index} at ${pts} s`));
    const delay = soundDelay(sound, frames);
    assert.ok(Math.abs(delay) < 0.004, `from picture ${number} on sound is ${delay} s late`);
  }
});

/** The pictures that a clip shows, read by ffmpeg, and when the first of them is shown; those before it hardly last. */
async function shownIn({ number, path }: Clip): Promise<{ frames: readonly Frame[]; shown: Frame[]; begins: number }> {
  const { frames, messages } = await readFrames(path);
  assert.deepEqual(messages, []);
  const first = frames.findIndex((frame) => frame.number === number);
  const begins = frames[first]?.pts ?? NaN;
  assert.ok(begins - (frames[0]?.pts ?? NaN) < 0.02, `${first} pictures last until ${begins} s`);
  return { frames, shown: frames.slice(first), begins };
}

test('fragmented, in ffmpeg: these pictures in their time, the sound in step, and before them nothing that lasts', async () => {
  for (const clip of fragmented) {
    const [{ frames, shown, begins }, sound] = await Promise.all([shownIn(clip), decodeSound(clip.path)]);
    assert.deepEqual(shown.slice(0, length).map((frame) => frame.number), Array.from({ length }, (_, index) => clip.number + index));
    shown.slice(0, length).forEach(({ pts }, index) => assert.ok(Math.abs(pts - begins - index / 25) < 0.0005, `picture ${index} at ${pts} s`));
    const after = shown.slice(length).map(({ pts }) => pts - begins - length / 25);
    assert.ok(after.every((pts) => pts < 0.02), `${after} s after the end`);
    const delay = soundDelay(sound, frames);
    assert.ok(Math.abs(delay) < 0.004, `from picture ${clip.number} on sound is ${delay} s late`);
  }
});

/** At any time from 0.05 s after picture `number` is first shown, at `begins`, the player shows the right picture, or the one before or after. */
async function assertNear(player: Player, number: number, begins: number, times = [0.5, 0.05, 0.09, 0.3, 1.1]): Promise<void> {
  const shown = await player.pictures(times.map((time) => begins + time));
  shown.forEach((picture, index) => {
    const right = number + Math.floor((times[index] ?? NaN) * 25);
    assert.ok(picture.number !== null && Math.abs(picture.number - right) <= 1, `picture ${picture.number} at ${times[index]} s, not ${right}`);
  });
}

for (const name of browsers) {
  describe(`in ${name}`, { skip: missing(name) }, () => {
    let player: Player;

    before(async () => {
      player = await Player.launch(name);
    });

    after(() => player?.close());

    test('the sound is in step', { timeout: 60_000 }, async () => {
      for (const { number, path } of some(7)) assertInStep((await player.sound(path)).sound, number);
    });

    // WebKitGTK does not seek in a fragmented file before it has played it.
    test('fragmented: from 0.05 s on the right picture or its neighbour', { timeout: 60_000, skip: name === 'WebKitGTK' }, async () => {
      for (const clip of fragmented) {
        const [{ frames, begins }, sound] = await Promise.all([shownIn(clip), decodeSound(clip.path)]);
        await player.open(clip.path);
        // Firefox counts from whatever comes first.
        const zero = name === 'Firefox' ? Math.min(frames[0]?.pts ?? NaN, sound.start) : 0;
        // Shortly before a keyframe Chromium shows that one, in ffmpeg's fragmented files too.
        const times = [0.5, 0.05, 0.09, 0.34, 1.05].filter((time) => ![98, 99].includes(clip.number + Math.floor(time * 25)));
        await assertNear(player, clip.number, begins - zero, times);
      }
    });

    if (name === 'Chromium') {
      test('exactly the right picture when it is loaded, at 0 and at any time', { timeout: 120_000 }, async () => {
        for (const { number, path } of clips) {
          const opened = await player.open(path);
          assert.equal(opened.number, number, 'when it is loaded');
          assert.ok(Math.abs(opened.duration - length / 25) < 0.001, `${opened.duration} s long`);
          const shown = await player.pictures(looked.map((frame) => (frame === 0 ? 0 : (frame + 0.5) / 25)));
          assert.deepEqual(shown.map((picture) => picture.number), looked.map((frame) => number + frame));
        }
      });
    } else {
      // They mind no edit list inside a GOP and show pre-roll for an instant.
      test('from 0.05 s on the right picture or its neighbour', { timeout: 60_000 }, async () => {
        for (const { number, path } of some(3)) {
          const opened = await player.open(path);
          assert.ok(Math.abs(opened.duration - length / 25) < 0.001, `${opened.duration} s long`);
          await assertNear(player, number, 0);
        }
      });
    }
  });
}
