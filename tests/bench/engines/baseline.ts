// No engine: what reading and the checksum cost by themselves.
import type { Engine } from './engine.ts';

/** Takes the file's pieces, and does nothing with them. */
export const reading: Engine = async ({ open }) => {
  const pieces = open();
  for (let piece = await pieces.next(); piece; piece = await pieces.next()) pieces.giveBack(piece.buffer);
  return {};
};

/** Hands the file's own bytes on. */
export const baseline: Engine = async ({ open }, sink) => {
  const pieces = open();
  for (let piece = await pieces.next(); piece; piece = await pieces.next()) {
    sink.write(piece);
    pieces.giveBack(piece.buffer);
  }
  return {};
};
