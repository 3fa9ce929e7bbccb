/** One recorded picture as an image, decoded in the worker: never tainted, and never on the page's main thread. */
import { LiveTapeError } from './errors.js';
import type { PictureType, StillMessage } from './protocol.js';

/** Offset of width and height in a visual sample entry, ISO/IEC 14496-12 §12.1.3, and of the boxes in it. */
const sizeAt = 32;
const boxesAt = 86;

/** Decodes the picture of `still` and gives it as an image of its display size. */
export async function picture(still: StillMessage, type: PictureType, quality: number): Promise<Blob> {
  if (typeof VideoDecoder === 'undefined') throw new LiveTapeError('no_webcodecs');
  const config = decoderConfig(still);
  const { supported } = await VideoDecoder.isConfigSupported(config).catch(() => ({ supported: false }));
  if (!supported) throw new LiveTapeError('codec_unsupported', `this browser cannot decode ${still.codec} by WebCodecs`);
  const frame = await decode(still, config);
  try {
    const { displayWidth: width, displayHeight: height } = frame;
    const [across, down] = still.rotation % 180 ? [height, width] : [width, height];
    const canvas = new OffscreenCanvas(across, down);
    const context = canvas.getContext('2d');
    if (!context) throw new LiveTapeError('no_webcodecs', 'this browser cannot draw in a worker');
    context.translate(across / 2, down / 2);
    context.rotate((still.rotation * Math.PI) / 180);
    context.drawImage(frame, -width / 2, -height / 2, width, height);
    const image = await canvas.convertToBlob({ type, quality });
    if (image.type !== type) throw new LiveTapeError('bad_option', `this browser cannot write ${type}`);
    return image;
  } finally {
    frame.close();
  }
}

function decode({ sizes, keyframes, times, bytes, time }: StillMessage, config: VideoDecoderConfig): Promise<VideoFrame> {
  return new Promise((resolve, reject) => {
    const failed = (cause: unknown): void => reject(new LiveTapeError('picture_failed', `the picture could not be decoded: ${String(cause)}`, { cause }));
    const wanted = micros(time);
    let found: VideoFrame | undefined;
    const decoder = new VideoDecoder({
      output: (frame) => {
        if (frame.timestamp === wanted && !found) found = frame;
        else frame.close();
      },
      error: failed,
    });
    decoder.configure(config);
    let at = 0;
    sizes.forEach((size, index) => {
      const data = bytes.subarray(at, (at += size));
      decoder.decode(new EncodedVideoChunk({ type: keyframes[index] ? 'key' : 'delta', timestamp: micros(times[index] ?? 0), data }));
    });
    decoder.flush().then(() => {
      decoder.close();
      if (found) resolve(found);
      else failed('the decoder gave no picture of that time');
    }, failed);
  });
}

const micros = (seconds: number): number => Math.round(seconds * 1e6);

/** A decoder's configuration by the recorded sample entry. */
function decoderConfig({ codec, entry }: StillMessage): VideoDecoderConfig {
  const view = new DataView(entry.buffer, entry.byteOffset, entry.length);
  const [width, height] = [view.getUint16(sizeAt), view.getUint16(sizeAt + 2)];
  const boxes = new Map<string, Uint8Array>();
  for (let at = boxesAt; at + 8 <= entry.length; ) {
    const size = view.getUint32(at);
    boxes.set(String.fromCharCode(...entry.subarray(at + 4, at + 8)), entry.subarray(at + 8, at + size));
    at += Math.max(8, size);
  }
  const description = boxes.get('avcC') ?? boxes.get('hvcC');
  const shape = boxes.get('pasp');
  // Without the box, decoders take the shape of a pixel from the stream itself.
  const [across, down] = shape ? [readUint32(shape, 0), readUint32(shape, 4)] : [0, 0];
  return {
    codec,
    codedWidth: width,
    codedHeight: height,
    ...(description ? { description } : {}),
    ...(across && down ? { displayAspectWidth: width * across, displayAspectHeight: height * down } : {}),
  };
}

function readUint32(bytes: Uint8Array, at: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getUint32(at);
}
