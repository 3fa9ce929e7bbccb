// mux.js's Transmuxer, segment by segment, as video.js drives it.
import muxjs from 'mux.js';
import { segmented } from '../pieces.ts';
import type { Engine } from './engine.ts';

/** One combined fragment for each segment. */
export const muxJs: Engine = async ({ file, open, cuts }, sink) => {
  const transmuxer = new muxjs.mp4.Transmuxer({ keepOriginalTimestamps: true, remux: true });
  let started = false;
  transmuxer.on('data', ({ initSegment, data }) => {
    if (!started) sink.write(initSegment);
    started = true;
    sink.write(data);
  });
  for await (const { bytes, ends } of segmented(open(), file.size, cuts)) {
    transmuxer.push(bytes);
    if (ends) transmuxer.flush();
  }
  return {};
};
