// Reads burnt-in frame numbers inside a page: from a <video>, or from anything a canvas can draw.
import { decodeCells, layout, sampleCells } from './cells.ts';

/** What the page has after `pageFrameReader` ran in it, at `globalThis.frameReader`. */
export interface PageFrameReader {
  /** Number on the picture that a video element or a VideoFrame shows now; null when it cannot be trusted. */
  read(picture: HTMLVideoElement | VideoFrame | ImageBitmap): number | null;
  /** Numbers of the next `count` pictures the video presents, with each one's media time in seconds. */
  watch(video: HTMLVideoElement, count: number): Promise<{ mediaTime: number; number: number | null }[]>;
}

function install(): PageFrameReader {
  const canvas = new OffscreenCanvas(layout.width, 2 * layout.top + layout.side);
  const context = canvas.getContext('2d', { willReadFrequently: true });
  if (!context) throw new Error('no canvas');

  const read: PageFrameReader['read'] = (picture) => {
    const width = 'videoWidth' in picture ? picture.videoWidth : 'displayWidth' in picture ? picture.displayWidth : picture.width;
    const height = 'videoHeight' in picture ? picture.videoHeight : 'displayHeight' in picture ? picture.displayHeight : picture.height;
    const strip = (height * canvas.height) / layout.height;
    context.drawImage(picture, 0, 0, width, strip, 0, 0, canvas.width, canvas.height);
    const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
    // White and black cells have equal red, green and blue, so one of them will do.
    const cells = sampleCells(layout, 1, (x, y) => data[4 * (y * canvas.width + x) + 1] ?? 0);
    return decodeCells(cells, layout.frames);
  };

  const watch: PageFrameReader['watch'] = (video, count) =>
    new Promise((resolve) => {
      const seen: { mediaTime: number; number: number | null }[] = [];
      const look = (_now: number, { mediaTime }: VideoFrameCallbackMetadata): void => {
        seen.push({ mediaTime, number: read(video) });
        if (seen.length < count) video.requestVideoFrameCallback(look);
        else resolve(seen);
      };
      video.requestVideoFrameCallback(look);
    });

  return { read, watch };
}

/** Script text that puts a `PageFrameReader` at `globalThis.frameReader`; for `page.addInitScript` or `page.evaluate`. */
export function pageFrameReader(): string {
  return `globalThis.frameReader = (() => {
    const layout = ${JSON.stringify(layout)};
    ${decodeCells.toString()}
    ${sampleCells.toString()}
    ${install.toString()}
    return install();
  })();`;
}
