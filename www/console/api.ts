/** The part of the edge's API that the console uses (docs/edge-api.md), typed. */

export type Review = 'pending' | 'approved' | 'banned';
export type Access = 'public' | 'token';
export type Encryption = 'none' | 'aes-128';
export type Scope = 'record' | 'read' | 'manage' | 'admin';

/** Every scope, as the edge names them. */
export const scopes: readonly Scope[] = ['record', 'read', 'manage', 'admin'];

/** A recording in a list. Times of day in Unix milliseconds, durations in seconds. */
export interface Summary {
  readonly id: string;
  readonly state: 'recording' | 'finished';
  readonly title?: string;
  readonly review: Review;
  readonly access: Access;
  readonly created: number;
  readonly duration: number;
  readonly bytes: number;
}

/** A recording. */
export interface Recording extends Summary {
  /** Seconds from the first picture that there was to the first that is kept. */
  readonly from?: number;
  readonly encryption?: 'aes-128';
  readonly objects: number;
  readonly tracks: readonly Track[];
}

export interface Track {
  readonly kind: string;
  readonly codec: string;
  readonly width?: number;
  readonly height?: number;
  readonly sample_rate?: number;
}

/** Addresses to play at. */
export interface Playback {
  readonly hls: string;
  readonly mp4: string;
}

export interface Clip {
  readonly id: string;
  readonly title?: string;
  readonly start: number;
  readonly end?: number;
  readonly bytes: number;
  readonly playback: Playback;
}

export interface PlayToken {
  readonly token: string;
  /** Unix seconds. */
  readonly expires: number;
  readonly playback: Playback;
}

/** What a template allows; what is absent is not limited. */
export interface Limits {
  readonly title?: string;
  readonly origins?: readonly string[];
  readonly minutes?: number;
  readonly bytes?: number;
  readonly recordings?: number;
  readonly per_minute?: number;
  /** Seconds. */
  readonly target_duration?: number;
  readonly review?: Review;
  readonly access?: Access;
  readonly encryption?: Encryption;
  readonly retention?: { readonly days?: number; readonly window?: number };
  readonly play_origins?: readonly string[];
}

export interface Template extends Limits {
  readonly id: string;
  readonly created: number;
  readonly origins: readonly string[];
}

export interface Key {
  readonly id: string;
  readonly title?: string;
  readonly scopes: readonly Scope[];
  readonly origins?: readonly string[];
  readonly created: number;
}

/** One page of something, and where the next begins. */
export interface Page<Item> {
  readonly items: readonly Item[];
  readonly cursor: string | undefined;
}

/** What a list of recordings is narrowed to. */
export interface Search {
  readonly search?: string;
  readonly state?: string;
  readonly review?: string;
  readonly cursor?: string;
  readonly limit?: number;
}

/** An answer that is none: `code` of the edge, or `unreachable` where there was no answer. */
export class EdgeError extends Error {
  override readonly name = 'EdgeError';
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Where something plays under an id or a token. */
export function playAddress(idOrToken: string, file: string): string {
  return `/v1/play/${encodeURIComponent(idOrToken)}/${file}`;
}

/** Sends a request; the answer is a success. */
export async function ask(path: string, init: RequestInit = {}): Promise<Response> {
  const response = await fetch(path, init).catch((cause: unknown) => {
    if (init.signal?.aborted) throw cause;
    throw new EdgeError('unreachable', 'the edge does not answer', { cause });
  });
  if (response.ok) return response;
  const body = (await response.json().catch(() => undefined)) as { error?: { code: string; message: string } } | undefined;
  throw new EdgeError(body?.error?.code ?? 'unreachable', body?.error?.message ?? `status ${response.status}`);
}

/** The edge as the holder of `key` sees it. Every method rejects with an {@link EdgeError}. */
export class Api {
  readonly #key: string;

  constructor(key: string) {
    this.#key = key;
  }

  async recordings(search: Search = {}): Promise<Page<Summary>> {
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries(search)) if (value) query.set(name, String(value));
    const { recordings, cursor } = await this.#read<{ recordings: Summary[]; cursor?: string }>(`/v1/recordings?${query}`);
    return { items: recordings, cursor };
  }

  recording(id: string): Promise<Recording> {
    return this.#read(recordingPath(id));
  }

  change(id: string, body: { title?: string; review?: Review; access?: Access; revoke_tokens?: true }): Promise<Recording> {
    return this.#read(recordingPath(id), 'PATCH', body);
  }

  async delete(id: string): Promise<void> {
    await this.#send(recordingPath(id), 'DELETE');
  }

  async clips(id: string, cursor?: string): Promise<Page<Clip>> {
    const query = cursor ? `&cursor=${encodeURIComponent(cursor)}` : '';
    const page = await this.#read<{ clips: Clip[]; cursor?: string }>(`${recordingPath(id)}/clips?limit=20${query}`);
    return { items: page.clips, cursor: page.cursor };
  }

  createClip(id: string, body: { start?: number; end?: number; title?: string }): Promise<Clip> {
    return this.#read(`${recordingPath(id)}/clips`, 'POST', body);
  }

  async deleteClip(id: string, clip: string): Promise<void> {
    await this.#send(`${recordingPath(id)}/clips/${encodeURIComponent(clip)}`, 'DELETE');
  }

  createPlayToken(id: string, body: { seconds: number; reviewer?: boolean; download?: boolean; clip?: string }): Promise<PlayToken> {
    return this.#read(`${recordingPath(id)}/tokens`, 'POST', body);
  }

  async templates(): Promise<readonly Template[]> {
    return (await this.#read<{ templates: Template[] }>('/v1/templates')).templates;
  }

  createTemplate(body: Limits): Promise<Template> {
    return this.#read('/v1/templates', 'POST', body);
  }

  async deleteTemplate(id: string): Promise<void> {
    await this.#send(`/v1/templates/${encodeURIComponent(id)}`, 'DELETE');
  }

  async keys(): Promise<readonly Key[]> {
    return (await this.#read<{ keys: Key[] }>('/v1/keys')).keys;
  }

  /** The key itself is in this answer only. */
  createKey(body: { title?: string; scopes: readonly Scope[]; origins: readonly string[] }): Promise<Key & { readonly key: string }> {
    return this.#read('/v1/keys', 'POST', body);
  }

  async revokeKey(id: string): Promise<void> {
    await this.#send(`/v1/keys/${encodeURIComponent(id)}`, 'DELETE');
  }

  async #read<Body>(path: string, method = 'GET', body?: object): Promise<Body> {
    return (await (await this.#send(path, method, body)).json()) as Body;
  }

  #send(path: string, method: string, body?: object): Promise<Response> {
    const headers = { Authorization: `Bearer ${this.#key}` };
    return ask(path, { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) });
  }
}

function recordingPath(id: string): string {
  return `/v1/recordings/${encodeURIComponent(id)}`;
}
