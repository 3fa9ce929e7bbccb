// The running edge that the tests are given, and what they ask of it.

/** What the edge tells about a recording, as far as the tests look at it. */
export interface EdgeRecording {
  readonly id: string;
  readonly state: 'recording' | 'finished';
  readonly duration: number;
  readonly bytes: number;
  readonly objects: number;
  readonly title?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly playback: Playback;
}

/** Where a recording plays. */
export interface Playback {
  readonly page: string;
  readonly hls: string;
  readonly mp4: string;
}

function given(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: start these tests with "cargo xtask test" or "cargo xtask demo --headless-check"`);
  return value;
}

/** Address of the edge, without a slash at its end. */
export const edge = given('LIVETAPE_EDGE').replace(/\/+$/, '');

/** Public template that lets a page record. */
export const template = 'pub_demo';

/** The body of an answer that must be a success. */
export async function fetchBytes(url: string, headers: Record<string, string> = {}): Promise<Uint8Array<ArrayBuffer>> {
  const response = await fetch(url, { headers });
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`);
  return new Uint8Array(await response.arrayBuffer());
}

/** As {@link fetchBytes}, decoded. */
export async function fetchText(url: string): Promise<string> {
  return new TextDecoder().decode(await fetchBytes(url));
}

/** `GET /v1/recordings/{id}`. */
export async function recordingState(id: string): Promise<EdgeRecording> {
  return JSON.parse(await fetchText(`${edge}/v1/recordings/${id}`)) as EdgeRecording;
}

/** URLs of the demo's live playlists. */
export async function demoStreams(): Promise<{ ts: string; fmp4: string }> {
  return JSON.parse(await fetchText(`${edge}/v1/demo`)) as { ts: string; fmp4: string };
}

/** A media playlist with everything in it that has an address, absolute. */
export interface MediaPlaylist {
  readonly url: string;
  readonly text: string;
  readonly ended: boolean;
  /** Seconds of each segment. */
  readonly durations: readonly number[];
  readonly segments: readonly string[];
  readonly maps: readonly string[];
}

/** The media playlist at `url`, or the first variant's where `url` is a multivariant playlist. */
export async function mediaPlaylist(url: string): Promise<MediaPlaylist> {
  const text = await fetchText(url);
  const lines = text.split(/\r?\n/).filter((line) => line !== '');
  const addresses = lines.filter((line) => !line.startsWith('#')).map((line) => new URL(line, url).href);
  if (lines.some((line) => line.startsWith('#EXT-X-STREAM-INF'))) {
    const [variant] = addresses;
    if (!variant) throw new Error(`${url} lists no variant`);
    return mediaPlaylist(variant);
  }
  return {
    url,
    text,
    ended: lines.includes('#EXT-X-ENDLIST'),
    durations: lines.flatMap((line) => /^#EXTINF:([\d.]+)/.exec(line)?.[1] ?? []).map(Number),
    segments: addresses,
    maps: lines.flatMap((line) => /^#EXT-X-MAP:.*URI="([^"]+)"/.exec(line)?.[1] ?? []).map((uri) => new URL(uri, url).href),
  };
}
