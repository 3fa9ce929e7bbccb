// Takes a fragmented MP4 apart: init segments and fragments, of all tracks or of one, and moves them in time.
import { boxes, inside, type Box } from '../media/boxes.ts';

/** A part of the stream: for all tracks, or for one alone. */
export interface Segment {
  readonly bytes: Buffer;
  /** Ticks of the track's timescale; of the first track where there are several. */
  readonly time: number;
  readonly duration: number;
}

/** The stream of one track, or of all together. */
export interface Stream {
  readonly init: Buffer;
  readonly timescale: number;
  readonly segments: readonly Segment[];
}

/** A fragmented MP4 of a track of pictures and one of sound, the pictures first. */
export interface Fragmented {
  readonly muxed: Stream;
  readonly video: Stream;
  readonly audio: Stream;
}

/** The first box of that type right inside a box. */
export function only(box: Box, type: string): Box {
  const [found] = inside(box, type);
  if (!found) throw new Error(`no ${type} in ${box.type}`);
  return found;
}

/** Bytes of a box. */
export function box(type: string, ...bodies: readonly Buffer[]): Buffer {
  const size = Buffer.alloc(4);
  size.writeUInt32BE(8 + bodies.reduce((sum, body) => sum + body.length, 0));
  return Buffer.concat([size, Buffer.from(type, 'latin1'), ...bodies]);
}

/** Bytes of a box that was read. */
export const whole = ({ type, body }: Box): Buffer => box(type, body);

/** The samples of a track's part of a fragment: where their bytes are, and how long they last. */
function readTraf(traf: Box, moofStart: number): { time: number; begin: number; end: number; duration: number } {
  const { body: tfhd } = only(traf, 'tfhd');
  const { body: trun } = only(traf, 'trun');
  const { body: tfdt } = only(traf, 'tfdt');
  const tfhdFlags = tfhd.readUInt32BE(0) & 0xffffff;
  let at = 8 + (tfhdFlags & 0x2 ? 4 : 0);
  const usual = tfhdFlags & 0x8 ? tfhd.readUInt32BE(at) : 0;
  if (tfhdFlags & 0x8) at += 4;
  const usualSize = tfhdFlags & 0x10 ? tfhd.readUInt32BE(at) : 0;
  const flags = trun.readUInt32BE(0) & 0xffffff;
  let [size, duration] = [0, 0];
  at = 12 + (flags & 0x4 ? 4 : 0);
  for (let left = trun.readUInt32BE(4); left > 0; left -= 1) {
    duration += flags & 0x100 ? trun.readUInt32BE((at += 4) - 4) : usual;
    size += flags & 0x200 ? trun.readUInt32BE((at += 4) - 4) : usualSize;
    at += (flags & 0x400 ? 4 : 0) + (flags & 0x800 ? 4 : 0);
  }
  const begin = moofStart + trun.readInt32BE(8);
  return { time: Number(tfdt.readBigUInt64BE(4)), begin, end: begin + size, duration };
}

/** A fragment with one track of those it had. */
function alone(file: Buffer, moof: Box, traf: Box): Segment {
  const { time, duration, begin, end } = readTraf(traf, moof.start);
  const own = Buffer.from(whole(traf));
  const trun = boxes(own.subarray(8)).find(({ type }) => type === 'trun');
  const made = box('moof', whole(only(moof, 'mfhd')), own);
  // The payload follows: where it begins is told from the moof's start.
  if (trun) own.writeInt32BE(made.length + 8, 8 + trun.start + 16);
  const moved = box('moof', whole(only(moof, 'mfhd')), own);
  return { bytes: Buffer.concat([moved, box('mdat', file.subarray(begin, end))]), time, duration };
}

/** Takes a file apart that was made as www/demo/sample/make.sh makes one. */
export function takeApart(file: Buffer): Fragmented {
  const top = boxes(file);
  const [ftyp, moov] = top as [Box, Box];
  const moofs = top.filter(({ type }) => type === 'moof');
  const mvex = only(moov, 'mvex');
  const [video, audio] = inside(moov, 'trak').map((trak, index): Stream => {
    const { body } = only(only(trak, 'mdia'), 'mdhd');
    const trex = inside(mvex, 'trex')[index] as Box;
    const init = Buffer.concat([whole(ftyp), box('moov', whole(only(moov, 'mvhd')), whole(trak), box('mvex', whole(trex)))]);
    const segments = moofs.map((moof) => alone(file, moof, inside(moof, 'traf')[index] as Box));
    return { init, timescale: body.readUInt32BE(body[0] === 1 ? 20 : 12), segments };
  }) as [Stream, Stream];
  const ends = [...moofs.slice(1).map(({ start }) => start), file.length];
  const muxed = moofs.map((moof, index) => ({ ...(video.segments[index] as Segment), bytes: file.subarray(moof.start, ends[index]) }));
  return { muxed: { ...video, init: file.subarray(0, (moofs[0] as Box).start), segments: muxed }, video, audio };
}

/** A fragment whose tracks' decode times are later by so many ticks each. */
export function later(bytes: Buffer, ...ticks: readonly number[]): Buffer {
  const moved = Buffer.from(bytes);
  const moof = boxes(moved).find(({ type }) => type === 'moof') as Box;
  inside(moof, 'traf').forEach((traf, index) => {
    const { body } = only(traf, 'tfdt');
    body.writeBigUInt64BE(body.readBigUInt64BE(4) + BigInt(ticks[index] ?? 0), 4);
  });
  return moved;
}
