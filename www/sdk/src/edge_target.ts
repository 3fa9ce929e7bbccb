import { LiveTapeError } from './errors.js';
import type { EdgeFields } from './protocol.js';

/** What allows a recording at an edge: one of `token` and `template`. */
export interface EdgeTarget {
  /** Ingest token of a recording that your server has created. */
  readonly token?: string;
  /** Public template id: the edge creates the recording. */
  readonly template?: string;
  /** Name of the recording for people, at most 200 characters; kept at the edge. With a `template` only: with a token, your server has given it. */
  readonly title?: string;
  /**
   * Texts by name, for programs: at most 32, with names of up to 64 characters and values of up to 1,000. Kept at the edge, with a `template` only: with
   * a token, your server has given them. Come back with the result of a recording in any case.
   */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** The fields of a message that name an edge and what allows to record there. */
export function edgeRequest(edge: string | URL, { token, template, title, metadata }: EdgeTarget): EdgeFields {
  if (!isSecureContext) throw new LiveTapeError('not_secure');
  if (!token === !template) throw new LiveTapeError('bad_option', 'recording at an edge needs a token or a template');
  for (const [name, value] of Object.entries(metadata ?? {})) {
    if (typeof value !== 'string') throw new LiveTapeError('bad_option', `metadata must be texts by name (${name} is a ${typeof value})`);
  }
  const place = absolute('edge', edge).replace(/\/+$/, '');
  if (!token) return { edge: place, create: JSON.stringify({ template, title, metadata }) };
  // An ingest token names its recording: ing_{22 characters}.… is for rec_{22 characters}.
  const [, id] = /^ing_([^.]+)/.exec(token) ?? [];
  if (!id) throw new LiveTapeError('bad_access');
  return { edge: place, recording: `rec_${id}`, token };
}

/** An option's URL, against the page's. */
export function absolute(name: string, url: string | URL): string {
  if (!URL.canParse(url, document.baseURI)) throw new LiveTapeError('bad_option', `${name} must be a URL (got ${url})`);
  return new URL(url, document.baseURI).href;
}
