// What `livetape remux` writes, played by ffmpeg, Chromium, Firefox and WebKitGTK: the right picture at every time that is asked
// for, of the right size, and every tone right within 1 Hz.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { decodeSound, type Sound } from '../media/audio.ts';
import { readFrames } from '../media/frames.ts';
import { dues, type Due, type Run } from './due.ts';
import { makeOutputs, type Outputs } from './outputs.ts';
import { browsers, missing, Player } from './player.ts';

let folder: string;
let outputs: Outputs;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'livetape-players-'));
  outputs = await makeOutputs(folder);
});

after(async () => {
  if (folder) await rm(folder, { recursive: true });
});

const end = ({ time, count }: Run): number => time + count / 25;

/** Seconds of the file before `time` in which there is nothing: what decodes sound alone leaves them out. */
function holes({ runs }: Due, time: number): number {
  let sum = 0;
  runs.forEach((run, index) => {
    const before = runs[index - 1];
    if (before && run.time <= time) sum += run.time - end(before);
  });
  return sum;
}

function assertTone(sound: Sound, time: number, frequency: number, where: number): void {
  const heard = sound.frequencyAt(where, 0.25);
  assert.ok(Math.abs(heard - frequency) < 1, `${heard} Hz at ${time} s, not ${frequency} Hz`);
}

/** The first three frames of a run, its last two and some between, with the times at their middles. */
function chosen(run: Run): { time: number; number: number; height: number }[] {
  const places = [0, 1, 2, 0.4, 0.7, run.count - 2, run.count - 1].map((place) => (place % 1 ? Math.floor(place * run.count) : place));
  return places.map((place) => ({ time: run.time + (place + 0.5) / 25, number: run.number + place, height: run.height }));
}

describe('in ffmpeg', () => {
  for (const [title, make] of Object.entries(dues)) {
    test(title, async () => {
      const due = make(outputs);
      const { frames, messages } = await readFrames(due.path);
      assert.deepEqual(messages, []);
      const right = due.runs.flatMap((run) => Array.from({ length: run.count }, (_, place) => ({ time: run.time + place / 25, number: run.number + place })));
      assert.deepEqual(frames.map(({ number }) => number), right.map(({ number }) => number));
      frames.forEach(({ pts }, index) => {
        const time = (right[index]?.time ?? NaN) + due.late;
        assert.ok(Math.abs(pts - time) < 0.0005, `picture ${index} at ${pts} s, not ${time} s`);
      });
      for (const run of due.runs) {
        const tones = due.tones.filter(([time]) => time > run.time && time < end(run));
        const [last] = tones.at(-1) ?? assert.fail(`no tone from ${run.time} s on`);
        const sound = await decodeSound(due.path, ['-ss', String(run.time), '-to', String(last + 0.25 + due.late)]);
        for (const [time, frequency] of tones) assertTone(sound, time, frequency, time + due.late);
      }
    });
  }
});

type Name = (typeof browsers)[number];

/**
 * Plays from `time` (seconds) to the end; gives how many pictures were presented. Not every one is on a busy machine, but those that are
 * follow each other.
 */
async function assertPlays(player: Player, name: Name, run: Run, time: number, late: number): Promise<number> {
  const seen = await player.playFrom(time);
  assert.ok(seen.length > 0);
  let previous = run.number;
  for (const { mediaTime, number } of seen) {
    assert.ok(number !== null && number >= previous && number < run.number + run.count, `picture ${number} at ${mediaTime} s`);
    // Firefox draws what it shows when asked; WebKitGTK's times are the track's own.
    const right = run.number + Math.floor((mediaTime - late - run.time) * 25 + 0.05);
    if (name === 'Chromium') assert.equal(number, right, `at ${mediaTime} s`);
    previous = number;
  }
  assert.ok(previous >= run.number + run.count - 10, `picture ${previous} is the last`);
  return seen.length;
}

for (const name of browsers) {
  describe(`in ${name}`, { skip: missing(name) }, () => {
    let player: Player;

    before(async () => {
      player = await Player.launch(name);
    });

    after(() => player?.close());

    for (const [title, make] of Object.entries(dues)) {
      test(title, { timeout: 30_000 }, async (context) => {
        const due = make(outputs);
        const { sound, channels } = await player.sound(due.path);
        assert.equal(channels, due.channels);
        for (const [time, frequency] of due.tones) assertTone(sound, time, frequency, time - holes(due, time));

        const opened = await player.open(due.path);
        if (title === 'H.265' && !(await player.canPlay('video/mp4; codecs="hvc1.1.6.L60.90"'))) {
          return context.skip(`this ${name} has no decoder for the pictures; the sound is right`);
        }
        const [first, last] = [due.runs[0], due.runs.at(-1)];
        assert.ok(first && last);
        // WebKitGTK shows none as long as there is none; the others show the first from the start.
        const none = name === 'WebKitGTK' && first.time > 0;
        assert.deepEqual([opened.number, opened.height], none ? [null, 0] : [first.number, first.height], 'the first picture');
        // Firefox counts a file's times from its first picture.
        const late = name === 'Firefox' ? 0 : due.late;
        if (name === 'WebKitGTK' && title === 'as fragmented MP4' && opened.duration < end(last) / 2) {
          // Its GStreamer counts no fragment that it has not read yet.
          const count = await assertPlays(player, name, last, 0, late);
          assert.ok(count > last.count / 2, `${count} of ${last.count} pictures`);
          return context.skip(`no seeks: to WebKitGTK the file is ${opened.duration} s long before it is played; sound and playing are right`);
        }
        const places = due.runs.flatMap(chosen);
        const shown = await player.pictures(places.map(({ time }) => time + late));
        shown.forEach((picture, index) => {
          const right = places[index];
          assert.deepEqual([picture.number, picture.height], [right?.number, right?.height], `at ${right?.time} s`);
        });
        await assertPlays(player, name, last, end(last) + late - 0.5, late);
      });
    }
  });
}
