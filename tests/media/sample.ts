// The demo's live source, www/demo/sample/sample.mp4.
import { fileURLToPath } from 'node:url';

/** Path of the sample. */
export const samplePath = fileURLToPath(new URL('../../www/demo/sample/sample.mp4', import.meta.url));

/**
 * Seconds by which ffmpeg 5.1 shows the sample's pictures late: reading fragments without an edit list it adds the
 * largest negative composition offset (two frames) to every picture's time. Chromium and mediabunny do not.
 */
export const ffmpegPictureDelay = 0.08;
