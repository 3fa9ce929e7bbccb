// Whether the sound of a recording is whole: each packet the sample's next, and right after the one before in time.
import type { Packet } from './mp4.ts';

/** Packets that do not follow the one before. */
export interface SoundContinuity {
  readonly packets: number;
  readonly missing: number;
  readonly doubled: number;
  /** Packets that the source does not have. */
  readonly unknown: number;
  /** Packets that do not begin where the one before ends, to half a millisecond. */
  readonly displaced: number;
}

/** Compares packets with the endless repetition of `source` (hashes in order, all different). */
export function soundContinuity(packets: readonly Packet[], source: readonly string[]): SoundContinuity {
  const places = new Map(source.map((hash, place) => [hash, place]));
  let [missing, doubled, unknown, displaced] = [0, 0, 0, 0];
  let last: { place: number; end: number } | undefined;
  for (const { sha256, time, duration } of packets) {
    const place = places.get(sha256);
    if (place === undefined) {
      unknown += 1;
      continue;
    }
    if (last) {
      const step = (place - last.place + source.length) % source.length;
      if (step === 0 || step > source.length / 2) doubled += 1;
      else missing += step - 1;
      if (Math.abs(time - last.end) > 0.0005) displaced += 1;
    }
    last = { place, end: time + duration };
  }
  return { packets: packets.length, missing, doubled, unknown, displaced };
}
