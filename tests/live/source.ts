// A live source under the test's control: HLS (MPEG-TS and fMP4) and DASH, from a server in the test's own process.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { serve, type Content, type Site } from '../browser/site.ts';
import { later } from './fragments.ts';
import { manifest, mediaPlaylist, multivariant, shownAt, type Schedule } from './manifests.ts';
import { media, round, segmentSeconds, type Media, type Rendition } from './media.ts';

/** What becomes of a request: it waits, the connection breaks half way, or this status. */
export type Mishap = 'stall' | 'cut' | 404 | 503;

/** What a test has laid in the way of requests. */
export interface Obstacle {
  /** Resolves when a request met it. */
  readonly met: Promise<void>;
  /** Lets those that wait go on, and takes it away. */
  lift(): void;
}

/** How the stream runs. */
export interface Plan {
  /** Segments in all, 16 at most; 2 s each. */
  readonly length: number;
  /** Segments that are there when it begins. */
  readonly published: number;
  /** The break: from this segment up to that; none unless told. */
  readonly pause?: readonly [from: number, to: number];
}

/** A running live source, with a site around it. */
export class LiveSource {
  readonly media: Media;
  /** Addresses that were asked for, in order. */
  readonly requests: string[] = [];
  /** Bodies that pages have posted, by path. */
  readonly posted = new Map<string, Buffer>();
  readonly #plan: Plan;
  readonly #begun: Date;
  readonly #obstacles = new Set<{ pattern: RegExp; mishap: Mishap; left: number; meet: () => void; lifted: Promise<void> }>();
  #schedule: Schedule;
  #site: Site | undefined;

  private constructor(found: Media, plan: Plan) {
    this.media = found;
    this.#plan = plan;
    const [from, to] = plan.pause ?? [plan.length, plan.length];
    this.#schedule = { published: plan.published, ended: false, pause: { from, to } };
    // Long enough ago that all of it may be there already: tests need not wait for the clock.
    this.#begun = new Date(Date.now() - (plan.length * segmentSeconds + 10) * 1000);
  }

  static async start(plan: Plan, pages: Readonly<Record<string, Content>>): Promise<LiveSource> {
    const source = new LiveSource(await media(), plan);
    source.#site = await serve(pages, (path, request, response) => source.#answer(path, request, response));
    return source;
  }

  get origin(): string {
    return this.#site?.origin ?? '';
  }

  /** More segments are there from now on; with all of them the stream is over. */
  publish(published: number): void {
    this.#schedule = { ...this.#schedule, published, ended: published >= this.#plan.length };
  }

  /** Lays an obstacle before requests whose path matches: before the next `times` of them. */
  obstruct(pattern: RegExp, mishap: Mishap, times = 1): Obstacle {
    const [met, lifted] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const obstacle = { pattern, mishap, left: times, meet: met.resolve, lifted: lifted.promise };
    this.#obstacles.add(obstacle);
    const lift = (): void => {
      this.#obstacles.delete(obstacle);
      lifted.resolve();
    };
    return { met: met.promise, lift };
  }

  async close(): Promise<void> {
    await this.#site?.close();
  }

  #answer(path: string, request: IncomingMessage, response: ServerResponse): boolean {
    this.requests.push(path);
    if (request.method === 'POST') {
      this.#keep(path, request, response);
      return true;
    }
    const content = this.#content(path);
    if (!content) return false;
    const { type, body } = content;
    const send = (): void => void response.writeHead(200, { 'content-type': type, 'access-control-allow-origin': '*', 'cache-control': 'no-store', 'content-length': body.length }).end(body);
    const obstacle = [...this.#obstacles].find(({ pattern, left }) => left > 0 && pattern.test(path));
    if (!obstacle) {
      send();
      return true;
    }
    obstacle.left -= 1;
    obstacle.meet();
    if (obstacle.mishap === 'stall') void obstacle.lifted.then(send);
    else if (obstacle.mishap !== 'cut') response.writeHead(obstacle.mishap, { 'access-control-allow-origin': '*' }).end();
    else {
      response.writeHead(200, { 'content-type': type, 'access-control-allow-origin': '*', 'content-length': body.length });
      response.write(body.subarray(0, body.length / 2), () => response.destroy());
    }
    return true;
  }

  #keep(path: string, request: IncomingMessage, response: ServerResponse): void {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      this.posted.set(path, Buffer.concat(parts));
      response.writeHead(204).end();
    });
  }

  #content(path: string): { type: string; body: Buffer } | undefined {
    const text = (type: string, body: string): { type: string; body: Buffer } => ({ type, body: Buffer.from(body) });
    const [, format, ...rest] = path.split('/');
    const [name = '', ...inside] = rest;
    if (format === 'dash') return name === 'live.mpd' ? text('application/dash+xml', manifest(this.media, this.#schedule, this.#plan.length, this.#begun)) : this.#segment(format, name, inside);
    if (format !== 'ts' && format !== 'fmp4') return undefined;
    const playlist = /^(master|high|low)\.m3u8$/.exec(name)?.[1];
    if (playlist === undefined) return this.#segment(format, name, inside);
    const body = playlist === 'master' ? multivariant(this.media) : mediaPlaylist(this.#schedule, playlist as 'high' | 'low', format);
    return text('application/vnd.apple.mpegurl', body);
  }

  #segment(format: 'ts' | 'fmp4' | 'dash', name: string, inside: readonly string[]): { type: string; body: Buffer } | undefined {
    const rendition = (this.media as Readonly<Record<string, Rendition>>)[name];
    const track = format === 'dash' ? inside[0] : 'muxed';
    const file = inside.at(-1) ?? '';
    const position = Number(/^(\d+)\./.exec(file)?.[1]);
    if (!rendition || (track !== 'video' && track !== 'audio' && track !== 'muxed')) return undefined;
    const stream = rendition.parts[track];
    if (file === 'init.mp4') return { type: 'video/mp4', body: stream.init };
    if (!(position < this.#schedule.published) || shownAt(this.#schedule, rendition.name, position) !== rendition.name) return undefined;
    if (format === 'ts') return { type: 'video/mp2t', body: rendition.ts[position % rendition.ts.length] as Buffer };
    const seconds = rendition.name === 'break' ? 0 : Math.floor(position / round) * round * segmentSeconds;
    const ticks = (track === 'muxed' ? ['video', 'audio'] : [track]).map((kind) => seconds * rendition.parts[kind as 'video' | 'audio'].timescale);
    return { type: 'video/mp4', body: later((stream.segments[position % round] as { bytes: Buffer }).bytes, ...ticks) };
  }
}
