// Plays a file inside a page, in the browser's own <video>, and decodes its sound by Web Audio.
import { pageFrameReader, type PageFrameReader } from '../media/page_frames.ts';

declare global {
  var frameReader: PageFrameReader;
  var pagePlayer: PagePlayer;
}

/** What a browser says of a file once it shows its first picture. */
export interface Opened {
  readonly width: number;
  readonly height: number;
  /** Seconds. */
  readonly duration: number;
  /** Number on the picture shown first; null where there is none. */
  readonly number: number | null;
}

/** What is shown at a time. */
export interface Shown {
  readonly number: number | null;
  readonly width: number;
  readonly height: number;
}

/** What a file sounds like. */
export interface Heard {
  readonly channels: number;
  /** The first channel at 48 kHz: 32-bit floats, little-endian, in base64. */
  readonly samples: string;
}

/** What a browser does in its own way. */
export interface Habits {
  /** It plays a Blob; else files come from the server as they are played. */
  readonly blobs: boolean;
  /** It tells presented pictures' times on the video's timeline; else on the track's own, before the edit list. */
  readonly mediaTimes: boolean;
}

/** What the page has after `pagePlayer` ran in it, at `globalThis.pagePlayer`. */
export interface PagePlayer {
  /** Whether the browser says that it may be able to play that type. */
  canPlay(type: string): boolean;
  /** Loads a file. Rejects with the browser's words when it cannot be played. */
  open(url: string): Promise<Opened>;
  /** Seeks to each time (seconds) in turn. `lasting`: seconds that a picture may last. */
  pictures(times: readonly number[], lasting: number): Promise<Shown[]>;
  /** Plays from `time` to the end; gives every picture that was presented. */
  playFrom(time: number): Promise<{ mediaTime: number; number: number | null }[]>;
  /** Decodes all of a file's sound. */
  sound(url: string): Promise<Heard>;
}

function install(habits: Habits): PagePlayer {
  const video = document.querySelector('video') as HTMLVideoElement;

  // A file on the page's own disk, so that seeking does not depend on the server.
  const local = async (url: string): Promise<Blob> => (await fetch(url)).blob();

  const failure = (): Promise<never> =>
    new Promise((_, reject) =>
      video.addEventListener('error', () => reject(new Error(`error ${video.error?.code}: ${video.error?.message}`)), { once: true }),
    );

  const late = (what: string): Promise<never> =>
    new Promise((_, reject) => setTimeout(() => reject(new Error(`${what}: nothing for 10 s`)), 10_000));

  const open: PagePlayer['open'] = async (url) => {
    const source = habits.blobs ? URL.createObjectURL(await local(url)) : url;
    const presented = new Promise<number | null>((resolve) => video.requestVideoFrameCallback(() => resolve(frameReader.read(video))));
    const loaded = new Promise((resolve) => video.addEventListener('canplaythrough', resolve, { once: true }));
    const failed = failure();
    video.src = source;
    await Promise.race([loaded, failed, late('loading')]);
    // Where the browser has no decoder for the pictures it plays the sound alone.
    const number = video.videoWidth > 0 ? await Promise.race([presented, failed]) : null;
    return { width: video.videoWidth, height: video.videoHeight, duration: video.duration, number };
  };

  const seek = async (time: number, lasting?: number): Promise<number | null> => {
    if (habits.mediaTimes) return frameReader.seek(video, time, lasting);
    // Where it is already it presents nothing.
    if (video.currentTime === time) return frameReader.read(video);
    const sought = new Promise((resolve) => video.addEventListener('seeked', resolve, { once: true }));
    // On a busy machine the picture comes after the event.
    const presented = new Promise((resolve) => video.requestVideoFrameCallback(resolve));
    video.currentTime = time;
    await Promise.race([Promise.all([sought, presented]), late(`a seek to ${time} s`)]);
    return frameReader.read(video);
  };

  const pictures: PagePlayer['pictures'] = async (times, lasting) => {
    const shown: Shown[] = [];
    for (const time of times) {
      const number = await seek(time, lasting);
      shown.push({ number, width: video.videoWidth, height: video.videoHeight });
    }
    return shown;
  };

  const playFrom: PagePlayer['playFrom'] = async (time) => {
    await seek(time);
    const seen: { mediaTime: number; number: number | null }[] = [];
    const look = (_now: number, { mediaTime }: VideoFrameCallbackMetadata): void => {
      seen.push({ mediaTime, number: frameReader.read(video) });
      video.requestVideoFrameCallback(look);
    };
    video.requestVideoFrameCallback(look);
    const ended = new Promise((resolve) => video.addEventListener('ended', resolve, { once: true }));
    const failed = failure();
    await video.play();
    await Promise.race([ended, failed]);
    return seen;
  };

  const sound: PagePlayer['sound'] = async (url) => {
    const context = new OfflineAudioContext(1, 1, 48_000);
    const buffer = await context.decodeAudioData(await (await local(url)).arrayBuffer());
    const bytes = new Uint8Array(buffer.getChannelData(0).buffer);
    const reader = new FileReader();
    const read = new Promise((resolve) => reader.addEventListener('load', resolve, { once: true }));
    reader.readAsDataURL(new Blob([bytes]));
    await read;
    return { channels: buffer.numberOfChannels, samples: String(reader.result).replace(/^.*?,/, '') };
  };

  const canPlay: PagePlayer['canPlay'] = (type) => video.canPlayType(type) !== '';

  return { canPlay, open, pictures, playFrom, sound };
}

/** Script text that puts a `PagePlayer` at `globalThis.pagePlayer`, and the reader of frame numbers it uses beside it. */
export function pagePlayer(habits: Habits): string {
  return `${pageFrameReader()} globalThis.pagePlayer = (${install.toString()})(${JSON.stringify(habits)});`;
}
