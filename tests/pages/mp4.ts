// Reads an MP4 by mediabunny, a reader that is not ours: its packets here, its pictures in a page with WebCodecs.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { ALL_FORMATS, BufferSource, EncodedPacketSink, Input } from 'mediabunny';
import type { Browser, Page } from 'playwright-core';
import { serve, type Content, type Site } from '../browser/site.ts';
import { pageFrameReader, type PageFrameReader } from '../media/page_frames.ts';

/** One encoded packet. Times in seconds. */
export interface Packet {
  readonly time: number;
  readonly duration: number;
  readonly sha256: string;
}

/** All packets of a file's tracks, in decode order. */
export interface Packets {
  readonly video: readonly Packet[];
  readonly audio: readonly Packet[];
}

/** Reads the packets of an MP4. */
export async function readPackets(mp4: Uint8Array<ArrayBuffer>): Promise<Packets> {
  const input = new Input({ source: new BufferSource(mp4), formats: ALL_FORMATS });
  const packets = async (track: Awaited<ReturnType<typeof input.getPrimaryVideoTrack | typeof input.getPrimaryAudioTrack>>): Promise<Packet[]> => {
    const found: Packet[] = [];
    if (!track) return found;
    for await (const { data, timestamp, duration } of new EncodedPacketSink(track).packets()) {
      found.push({ time: timestamp, duration, sha256: createHash('sha256').update(data).digest('hex') });
    }
    return found;
  };
  return { video: await packets(await input.getPrimaryVideoTrack()), audio: await packets(await input.getPrimaryAudioTrack()) };
}

/** One decoded picture that is shown. */
export interface Picture {
  /** Seconds. */
  readonly time: number;
  readonly number: number | null;
}

declare global {
  var frameReader: PageFrameReader;
}

/** A page that decodes MP4s. */
export class PictureReader {
  readonly #site: Site;
  readonly #page: Page;
  readonly #files: Record<string, Content>;
  #count = 0;

  private constructor(site: Site, page: Page, files: Record<string, Content>) {
    this.#site = site;
    this.#page = page;
    this.#files = files;
  }

  static async open(browser: Browser): Promise<PictureReader> {
    const bundle = join(dirname(createRequire(import.meta.url).resolve('mediabunny')), 'mediabunny.min.mjs');
    const files: Record<string, Content> = {
      '/': { type: 'text/html', body: '<!doctype html><title>reader</title>' },
      '/mediabunny.js': { type: 'text/javascript', body: await readFile(bundle) },
    };
    const site = await serve(files);
    const page = await (await browser.newContext()).newPage();
    await page.goto(site.origin);
    await page.evaluate(pageFrameReader());
    return new PictureReader(site, page, files);
  }

  /** Decodes every picture and reads its number, in presentation order; pre-roll that is not shown is left out. */
  async read(mp4: Uint8Array): Promise<Picture[]> {
    const path = `/${++this.#count}.mp4`;
    this.#files[path] = { type: 'video/mp4', body: Buffer.from(mp4.buffer, mp4.byteOffset, mp4.byteLength) };
    const pictures = await this.#page.evaluate(async (path) => {
      const { ALL_FORMATS, BlobSource, Input, VideoSampleSink } = (await import('/mediabunny.js' as string)) as typeof import('mediabunny');
      const input = new Input({ source: new BlobSource(await (await fetch(path)).blob()), formats: ALL_FORMATS });
      const track = await input.getPrimaryVideoTrack();
      const found: { time: number; number: number | null }[] = [];
      if (!track) return found;
      for await (const sample of new VideoSampleSink(track).samples()) {
        const frame = sample.toVideoFrame();
        if (sample.timestamp >= 0) found.push({ time: sample.timestamp, number: frameReader.read(frame) });
        frame.close();
        sample.close();
      }
      return found;
    }, path);
    delete this.#files[path];
    return pictures;
  }

  async close(): Promise<void> {
    await this.#page.context().close();
    await this.#site.close();
  }
}
