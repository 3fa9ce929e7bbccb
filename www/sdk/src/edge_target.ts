import { LiveTapeError } from './errors.js';

/** What allows a recording at an edge: one of `token` and `template`. */
export interface EdgeTarget {
  /** Ingest token of a recording that your server has created. */
  readonly token?: string;
  /** Public template id: the edge creates the recording. */
  readonly template?: string;
  /** Name of the recording for people, at most 200 characters; kept at the edge. With a `template` only. */
  readonly title?: string;
}

/** The fields of a message that name an edge and what allows to record there. */
export function edgeRequest(edge: string | URL, { token, template, title }: EdgeTarget): { edge: string; token?: string; template?: string; title?: string } {
  if (!isSecureContext) throw new LiveTapeError('not_secure');
  if (!token === !template) throw new LiveTapeError('bad_option', 'recording at an edge needs a token or a template');
  return {
    edge: absolute('edge', edge).replace(/\/+$/, ''),
    ...(token === undefined ? {} : { token }),
    ...(template === undefined ? {} : { template }),
    ...(title === undefined ? {} : { title }),
  };
}

/** An option's URL, against the page's. */
export function absolute(name: string, url: string | URL): string {
  if (!URL.canParse(url, document.baseURI)) throw new LiveTapeError('bad_option', `${name} must be a URL (got ${url})`);
  return new URL(url, document.baseURI).href;
}
