/** The check of each byte. */
const table = Int32Array.from({ length: 256 }, (_, byte) => {
  let check = byte;
  for (let bit = 0; bit < 8; bit += 1) check = (check >>> 1) ^ (0xedb88320 & -(check & 1));
  return check;
});

/** CRC-32 (ISO/HDLC, as in gzip) of what is written to a tape: here, so that media need not be copied into the module. */
export function crc32(bytes: Uint8Array): number {
  let check = -1;
  for (let at = 0; at < bytes.length; at += 1) check = (check >>> 8) ^ (table[(check ^ (bytes[at] as number)) & 0xff] as number);
  return ~check >>> 0;
}
