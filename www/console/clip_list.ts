/** A recording's clips: to be passed on, downloaded, deleted. */
import { size } from '../sdk/src/element_format.js';
import { playAddress, type Clip, type Recording } from './api.js';
import { moment, titleOf } from './figures.js';
import { button, h } from './nodes.js';
import { words } from './text.js';
import { ListView, copied, copyButton } from './view.js';

/** Seconds that a link to a clip plays where its address alone does not. */
const linkLasts = 7 * 24 * 3_600;

/** The list. */
export class ClipList extends ListView {
  protected override readonly none = words().noClips;
  readonly #id: string;
  readonly #more = button(words().more, () => void this.#load());
  #cursor: string | undefined;
  #play: string | undefined;

  constructor({ id }: Recording) {
    super();
    this.#id = id;
  }

  /** Lists them anew, as what plays by `name`: the recording's id, or a token; by nothing where there is none. */
  play(name: string | undefined): void {
    this.#play = name;
    this.#cursor = undefined;
    this.list.replaceChildren();
    void this.#load();
  }

  /** Shows one that was just made. */
  add(clip: Clip): void {
    this.put(this.#row(clip));
  }

  protected override show(): void {
    this.#more.hidden = true;
    this.append(h('section', { class: 'card body' }, h('h2', {}, words().clips), this.note, this.list, this.#more));
  }

  async #load(): Promise<void> {
    const page = await this.attempt(() => this.session.api.clips(this.#id, this.#cursor));
    this.fill((page?.items ?? []).map((clip) => this.#row(clip)));
    this.#cursor = page?.cursor;
    this.#more.hidden = !this.#cursor;
  }

  #row(clip: Clip): HTMLLIElement {
    const text = words();
    const title = titleOf(clip);
    const range = `${moment(clip.start)} – ${clip.end === undefined ? text.end : moment(clip.end)} · ${size(clip.bytes)}`;
    const row = h('li', { id: clip.id },
      h('div', {}, h('strong', {}, title), h('span', { class: 'soft' }, range)),
      h('div', { class: 'row' },
        this.#play === this.#id ? copyButton(this.session, text.copyLink, clip.playback.hls) : this.#play && button(text.copyLink, () => void this.#copyToken(clip), 'button small'),
        this.#play && h('a', { class: 'button small', href: `${this.#file(clip, this.#play)}download=${encodeURIComponent(title)}`, download: true }, text.download),
        button(text.delete, () => void this.take(row, text.deleteClipQuestion(title), text.delete, () => this.session.api.deleteClip(this.#id, clip.id), text.deleted), 'button small danger')));
    return row;
  }

  /** Its file, up to further parameters. A token of the recording opens its range of time, not its name. */
  #file({ start, end, playback }: Clip, play: string): string {
    if (play === this.#id) return `${playback.mp4}?`;
    return `${playAddress(play, 'video.mp4')}?start=${start}${end === undefined ? '' : `&end=${end}`}&`;
  }

  async #copyToken({ id: clip }: Clip): Promise<void> {
    const made = await this.attempt(() => this.session.api.createPlayToken(this.#id, { clip, seconds: linkLasts }));
    if (!made) return;
    await copied(this.session, made.playback.hls, words().copiedFor);
  }
}

customElements.define('console-clips', ClipList);
