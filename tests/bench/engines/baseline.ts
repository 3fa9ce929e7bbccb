// No engine: what reading the file and the checksum cost by themselves.
import { Pieces } from '../pieces.ts';
import type { Engine } from './engine.ts';

/** Hands the file's own bytes on. */
export const baseline: Engine = async ({ file }, sink) => {
  const pieces = new Pieces(file);
  for (let piece = await pieces.next(); piece; piece = await pieces.next()) {
    sink.write(piece);
    pieces.giveBack(piece.buffer);
  }
  return {};
};
