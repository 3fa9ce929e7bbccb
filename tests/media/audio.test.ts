import assert from 'node:assert/strict';
import { test } from 'node:test';
import { audioPackets, decodeSound, scale, Sound, soundDelay } from './audio.ts';
import { readFrames } from './frames.ts';
import { ffmpegPictureDelay, samplePath } from './sample.ts';

/** A sine whose frequency steps through `tones`, half a second each. */
function tones(...indices: number[]): Float32Array {
  const each = scale.seconds * scale.rate;
  return Float32Array.from({ length: each * indices.length }, (_, index) => {
    const frequency = scale.lowest + scale.step * (indices[Math.floor(index / each)] ?? 0);
    return 0.3 * Math.sin((2 * Math.PI * frequency * index) / scale.rate);
  });
}

test('the sample has 750 audio packets of 1024 samples each from 0, all different', async () => {
  const packets = await audioPackets(samplePath);
  assert.equal(packets.length, 750);
  packets.forEach((packet, index) => assert.ok(Math.abs(packet.pts - (index * 1024) / scale.rate) < 1e-5, `packet ${index} at ${packet.pts}`));
  assert.equal(new Set(packets.map((packet) => packet.sha256)).size, 750);
  assert.match(packets[0]?.sha256 ?? '', /^[0-9a-f]{64}$/);
});

test('in the sample the tone at time t is the tone for t', async () => {
  const sound = await decodeSound(samplePath);
  assert.equal(sound.start, 0);
  assert.equal(sound.end, 16);
  for (let tone = 0; tone < scale.tones; tone += 1) {
    for (const within of [0.06, 0.25, 0.44]) assert.equal(sound.toneAt(tone * scale.seconds + within), tone, `${tone} + ${within}`);
  }
});

test('in the sample sound and picture belong together', async () => {
  const [sound, { frames }] = await Promise.all([decodeSound(samplePath), readFrames(samplePath)]);
  assert.equal(sound.toneChanges().length, scale.tones - 1);
  const delay = soundDelay(sound, frames) + ffmpegPictureDelay;
  assert.ok(Math.abs(delay) < 0.004, `sound is ${delay} s late`);
});

test('changes of tone are found where they are, from the scale and back to its start', () => {
  const changes = new Sound(100, tones(30, 31, 0, 1)).toneChanges();
  assert.deepEqual(changes.map(({ from, to }) => [from, to]), [[30, 31], [31, 0], [0, 1]]);
  changes.forEach(({ time }, index) => assert.ok(Math.abs(time - 100.5 - index * 0.5) < 0.003, `${time}`));
});

test('a shift between sound and picture is measured with its sign', () => {
  const frames = Array.from({ length: 50 }, (_, index) => ({ pts: 7 + index / 25, number: (350 + index) % 400 }));
  // Frame 350 is media time 14 s, tone 28.
  const late = soundDelay(new Sound(7.25, tones(28, 29, 30, 31)), frames);
  assert.ok(Math.abs(late - 0.25) < 0.004, `${late}`);
  const early = soundDelay(new Sound(6.9, tones(28, 29, 30, 31)), frames);
  assert.ok(Math.abs(early + 0.1) < 0.004, `${early}`);
});

test('silence and tones outside the scale are not tones', () => {
  assert.equal(new Sound(0, new Float32Array(24_000)).toneAt(0.25), null);
  assert.equal(new Sound(0, tones(-6)).toneAt(0.25), null);
  assert.equal(new Sound(0, tones(3.5)).toneAt(0.25), null);
});
