// Clips that begin at any picture of a GOP with B-frames: what ffmpeg, Chromium, Firefox and WebKitGTK show first and then, and
// the sound to it.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { decodeSound, scale, soundDelay, type Sound } from '../media/audio.ts';
import { readFrames } from '../media/frames.ts';
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

/** A clip that begins with picture `number`. */
interface Clip {
  readonly number: number;
  readonly path: string;
}

let folder: string;
let clips: readonly Clip[];

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'livetape-clips-'));
  const stream = await transportStream(folder);
  clips = await Promise.all(
    Array.from({ length: gop.frames }, async (_, index): Promise<Clip> => {
      const number = gop.first + index;
      const clip = await remux(folder, `clip-${number}`, [stream], '--start', String(number / 25), '--end', String((number + length) / 25));
      assert.deepEqual(clip.warnings, []);
      return { number, path: pathOf(clip) };
    }),
  );
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
          const times = [0.5, 0.05, 0.09, 0.3, 1.1];
          const shown = await player.pictures(times);
          shown.forEach((picture, index) => {
            const right = number + Math.floor((times[index] ?? NaN) * 25);
            assert.ok(picture.number !== null && Math.abs(picture.number - right) <= 1, `picture ${picture.number} at ${times[index]} s, not ${right}`);
          });
        }
      });
    }
  });
}
