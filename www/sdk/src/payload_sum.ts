const mix = (sum: number, part: number): number => {
  const mixed = Math.imul(sum ^ part, 0x9e3779b1);
  return mixed ^ (mixed >>> 15);
};

/**
 * Bytes that are added at a time. Chromium compiles a function that is called often well, but not a loop that goes on for long with
 * large numbers: that takes four times as long.
 */
const step = 4096;

/** Adds blocks of four words to the lanes: `lanes` has their sums, and after them their sums of sums. */
function add(lanes: Int32Array, view: DataView, from: number, end: number): void {
  // Not by patterns: these go through an iterator, which takes longer than the step.
  let a = lanes[0] ?? 0;
  let b = lanes[1] ?? 0;
  let c = lanes[2] ?? 0;
  let d = lanes[3] ?? 0;
  let e = lanes[4] ?? 0;
  let f = lanes[5] ?? 0;
  let g = lanes[6] ?? 0;
  let h = lanes[7] ?? 0;
  for (let at = from; at < end; at += 16) {
    a = (a + view.getInt32(at, true)) | 0;
    b = (b + view.getInt32(at + 4, true)) | 0;
    c = (c + view.getInt32(at + 8, true)) | 0;
    d = (d + view.getInt32(at + 12, true)) | 0;
    e = (e + a) | 0;
    f = (f + b) | 0;
    g = (g + c) | 0;
    h = (h + d) | 0;
  }
  lanes[0] = a;
  lanes[1] = b;
  lanes[2] = c;
  lanes[3] = d;
  lanes[4] = e;
  lanes[5] = f;
  lanes[6] = g;
  lanes[7] = h;
}

/**
 * The sum of what is written to a tape, as `crates/tape/src/journal/payload_sum.rs` has it: here, so that media need not be
 * copied into the module.
 */
export function payloadSum(bytes: Uint8Array): number {
  const { length } = bytes;
  const whole = length & ~15;
  const last = new Uint8Array(16);
  last.set(bytes.subarray(whole));
  const lanes = new Int32Array(8);
  const view = new DataView(bytes.buffer, bytes.byteOffset, length);
  for (let at = 0; at < whole; at += step) add(lanes, view, at, Math.min(whole, at + step));
  add(lanes, new DataView(last.buffer), 0, last.length);
  return lanes.reduce(mix, length | 0) >>> 0;
}
