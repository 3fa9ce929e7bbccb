const [p1, p2, p3, p4, p5] = [0x9e3779b1, 0x85ebca77, 0xc2b2ae3d, 0x27d4eb2f, 0x165667b1];

const turn = (word: number, by: number): number => (word << by) | (word >>> (32 - by));

/**
 * XXH32 (xxHash, seed 0) of what is written to a tape, as `crates/tape/src/journal/payload_sum.rs` has it: here, so that media need not be
 * copied into the module.
 */
export function payloadSum(bytes: Uint8Array): number {
  const { length } = bytes;
  const view = new DataView(bytes.buffer, bytes.byteOffset, length);
  let at = 0;
  let sum = p5;
  if (length >= 16) {
    let [a, b, c, d] = [(p1 + p2) | 0, p2 | 0, 0, -p1 | 0];
    for (const last = length - 16; at <= last; at += 16) {
      a = Math.imul(turn((a + Math.imul(view.getUint32(at, true), p2)) | 0, 13), p1);
      b = Math.imul(turn((b + Math.imul(view.getUint32(at + 4, true), p2)) | 0, 13), p1);
      c = Math.imul(turn((c + Math.imul(view.getUint32(at + 8, true), p2)) | 0, 13), p1);
      d = Math.imul(turn((d + Math.imul(view.getUint32(at + 12, true), p2)) | 0, 13), p1);
    }
    sum = turn(a, 1) + turn(b, 7) + turn(c, 12) + turn(d, 18);
  }
  sum = (sum + length) | 0;
  for (; at + 4 <= length; at += 4) sum = Math.imul(turn((sum + Math.imul(view.getUint32(at, true), p3)) | 0, 17), p4);
  for (; at < length; at += 1) sum = Math.imul(turn((sum + Math.imul(view.getUint8(at), p5)) | 0, 11), p1);
  sum = Math.imul(sum ^ (sum >>> 15), p2);
  sum = Math.imul(sum ^ (sum >>> 13), p3);
  return (sum ^ (sum >>> 16)) >>> 0;
}
