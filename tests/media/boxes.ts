// A small walk over the boxes of an MP4 (ISO/IEC 14496-12, 4.2), for files that are known to be well formed.

/** A box. */
export interface Box {
  readonly type: string;
  /** Where it begins in the file. */
  readonly start: number;
  /** What follows its size and type. */
  readonly body: Buffer;
}

/** The boxes that follow each other in `bytes`, which begin at `base` in the file. */
export function boxes(bytes: Buffer, base = 0): Box[] {
  const found: Box[] = [];
  for (let at = 0; at < bytes.length; ) {
    const size = bytes.readUInt32BE(at);
    found.push({ type: bytes.toString('latin1', at + 4, at + 8), start: base + at, body: bytes.subarray(at + 8, at + size) });
    at += size;
  }
  return found;
}

/** The boxes of that type right inside a box that holds nothing but boxes. */
export const inside = (box: Box, type: string): Box[] => boxes(box.body, box.start + 8).filter((child) => child.type === type);

/** The same file without its tracks of pictures: they are made free space, and no other byte is touched. */
export function soundAlone(file: Buffer): Buffer {
  const changed = Buffer.from(file);
  const tracks = boxes(file).filter((box) => box.type === 'moov').flatMap((moov) => inside(moov, 'trak'));
  for (const track of tracks) {
    const handlers = inside(track, 'mdia').flatMap((media) => inside(media, 'hdlr'));
    if (handlers.some(({ body }) => body.toString('latin1', 8, 12) === 'vide')) changed.write('free', track.start + 4, 'latin1');
  }
  return changed;
}
