// mediabunny's Conversion, which copies packets where nothing else is asked for; fragmented, so that it need not hold the file.
import { ALL_FORMATS, BlobSource, BufferSource, Conversion, Input, Mp4OutputFormat, Output, StreamTarget, type StreamTargetChunk } from 'mediabunny';
import type { Engine } from './engine.ts';

/** What is under way: Chromium collects a stream that only a pending read refers to. */
let underWay: Conversion | undefined;

/** Reads the file by its own means, ahead as it sees fit. */
export const mediabunny: Engine = async ({ file, whole }, sink) => {
  const writable = new WritableStream<StreamTargetChunk>({ write: ({ data }) => sink.write(data) });
  const output = new Output({ format: new Mp4OutputFormat({ fastStart: 'fragmented' }), target: new StreamTarget(writable) });
  const conversion = await Conversion.init({ input: new Input({ formats: ALL_FORMATS, source: whole ? new BufferSource(whole) : new BlobSource(file) }), output });
  underWay = conversion;
  await underWay.execute();
  underWay = undefined;
  return {};
};
