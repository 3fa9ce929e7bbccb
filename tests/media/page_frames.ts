// Reads burnt-in frame numbers inside a page: from a <video>, or from anything a canvas can draw.
import { decodeCells, layout, sampleCells } from './cells.ts';

/** What the page has after `pageFrameReader` ran in it, at `globalThis.frameReader`. */
export interface PageFrameReader {
  /** Number on the picture that a video element or a VideoFrame shows now; null when it cannot be trusted. */
  read(picture: HTMLVideoElement | VideoFrame | ImageBitmap): number | null;
  /**
   * Seeks, and gives the number on the picture that is then presented for `time` (seconds). The event `seeked` may come before that
   * picture is there to be drawn. `lasting`: seconds that a picture may last, the sample's 40 ms and a little when not given.
   * Rejects when none is presented.
   */
  seek(video: HTMLVideoElement, time: number, lasting?: number): Promise<number | null>;
  /** As `seek`, but something else does the seeking; `again` is called where no picture came for a second. */
  presented(video: HTMLVideoElement, time: number, lasting?: number, again?: () => void): Promise<number | null>;
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

  const presented: PageFrameReader['presented'] = (video, time, lasting = 0.041, again = () => undefined) =>
    new Promise((resolve, reject) => {
      // A picture that is presented while the callback of the one before runs is missed: then it is asked for again.
      const asking = setInterval(again, 1000);
      const late = setTimeout(() => {
        clearInterval(asking);
        reject(new Error(`no picture was presented after a seek to ${time} s`));
      }, 10_000);
      const look = (_now: number, { mediaTime }: VideoFrameCallbackMetadata): void => {
        // What it is will be judged by its number, not by its time.
        const since = time - mediaTime;
        if (since < -0.001 || since > lasting) {
          video.requestVideoFrameCallback(look);
          return;
        }
        clearInterval(asking);
        clearTimeout(late);
        resolve(read(video));
      };
      video.requestVideoFrameCallback(look);
    });

  const seek: PageFrameReader['seek'] = (video, time, lasting) => {
    const go = (): void => void (video.currentTime = time);
    const shown = presented(video, time, lasting, go);
    go();
    return shown;
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

  return { read, seek, presented, watch };
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
