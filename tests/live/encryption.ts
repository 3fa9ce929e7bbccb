// Encrypts a track of pictures as protected streams are: Common Encryption, ISO/IEC 23001-7, scheme `cenc` with subsamples.
import { createCipheriv } from 'node:crypto';
import { boxes, inside, type Box } from '../media/boxes.ts';
import { box, only, whole, type Stream } from './fragments.ts';

/** Hexadecimal digits, 32 each. */
export interface ContentKey {
  readonly id: string;
  readonly key: string;
}

const fullBox = (type: string, flags: number, ...bodies: readonly Buffer[]): Buffer => {
  const head = Buffer.alloc(4);
  head.writeUInt32BE(flags);
  return box(type, head, ...bodies);
};

const number = (value: number, bytes: 1 | 2 | 4): Buffer => {
  const written = Buffer.alloc(bytes);
  written.writeUIntBE(value, 0, bytes);
  return written;
};

/** A box with one of those it holds, down a path of types, made anew. */
function replaced(at: Box, [type, ...path]: readonly string[], make: (found: Box) => Buffer): Buffer {
  if (type === undefined) return make(at);
  return box(at.type, ...boxes(at.body).map((child) => (child.type === type ? replaced(child, path, make) : whole(child))));
}

/** The init segment with its sample entry as `encv`, §8 and ISO/IEC 14496-12 §8.12. */
function protectedInit(init: Buffer, { id }: ContentKey): Buffer {
  const tenc = fullBox('tenc', 0, Buffer.from([0, 0, 1, 8]), Buffer.from(id, 'hex'));
  const sinf = box('sinf', box('frma', Buffer.from('avc1')), fullBox('schm', 0, Buffer.from('cenc'), number(0x10000, 4)), box('schi', tenc));
  const stsd = ({ type, body }: Box): Buffer => {
    const [entry] = boxes(body.subarray(8)) as [Box];
    return box(type, body.subarray(0, 8), box('encv', entry.body, sinf));
  };
  return Buffer.concat(boxes(init).map((top) => (top.type === 'moov' ? replaced(top, ['trak', 'mdia', 'minf', 'stbl', 'stsd'], stsd) : whole(top))));
}

/** Encrypts a picture in place, all but the first bytes of each NAL unit; gives its entry in `senc`. */
function encryptPicture(picture: Buffer, key: Buffer, iv: Buffer): Buffer {
  const cipher = createCipheriv('aes-128-ctr', key, Buffer.concat([iv, Buffer.alloc(8)]));
  const parts: Buffer[] = [];
  for (let at = 0; at < picture.length; ) {
    const end = at + 4 + picture.readUInt32BE(at);
    // Length and header stay readable, and what is left over of whole blocks.
    const hidden = Math.max(0, (end - at - 4 - 64) & ~15);
    cipher.update(picture.subarray(end - hidden, end)).copy(picture, end - hidden);
    parts.push(number(end - at - hidden, 2), number(hidden, 4));
    at = end;
  }
  return Buffer.concat([iv, number(parts.length / 2, 2), ...parts]);
}

/** A fragment with its pictures encrypted; `first` is the number of the first of them. */
function protectedFragment(fragment: Buffer, { key }: ContentKey, first: number): Buffer {
  const [moof, mdat] = boxes(Buffer.from(fragment)) as [Box, Box];
  const traf = only(moof, 'traf');
  const trun = only(traf, 'trun').body;
  const flags = trun.readUInt32BE(0) & 0xffffff;
  const row = [0x100, 0x200, 0x400, 0x800].reduce((bytes, flag) => bytes + (flags & flag ? 4 : 0), 0);
  const entries: Buffer[] = [];
  let begin = 0;
  for (let index = 0; index < trun.readUInt32BE(4); index += 1) {
    const size = trun.readUInt32BE(12 + (flags & 4 ? 4 : 0) + index * row + (flags & 0x100 ? 4 : 0));
    const iv = Buffer.alloc(8);
    iv.writeUInt32BE(first + index + 1, 4);
    entries.push(encryptPicture(mdat.body.subarray(begin, begin + size), Buffer.from(key, 'hex'), iv));
    begin += size;
  }
  const senc = fullBox('senc', 2, number(entries.length, 4), ...entries);
  const saiz = fullBox('saiz', 0, number(0, 1), number(entries.length, 4), ...entries.map(({ length }) => number(length, 1)));
  const made = (saio: number, payload: number): Buffer => {
    trun.writeInt32BE(payload, 8);
    const children = boxes(traf.body).map(whole);
    return box('moof', ...inside(moof, 'mfhd').map(whole), box('traf', ...children, saiz, fullBox('saio', 0, number(1, 4), number(saio, 4)), senc));
  };
  const { length } = made(0, 0);
  return Buffer.concat([made(length - senc.length + 16, length + 8), whole(mdat)]);
}

/** The first segments of a track of pictures, encrypted with one key: an init segment, then fragments. */
export function encrypted({ init, segments }: Stream, count: number, key: ContentKey): Buffer {
  const fragments = segments.slice(0, count).map(({ bytes }, index) => protectedFragment(bytes, key, index * 1000));
  return Buffer.concat([protectedInit(init, key), ...fragments]);
}
