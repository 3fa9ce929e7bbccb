/** A recording's clips: to be passed on, downloaded, deleted. */
import { size } from '../sdk/src/element_format.js';
import type { Clip, Recording } from './api.js';
import { button, h } from './nodes.js';
import { moment, titleOf, words } from './text.js';
import { ListView, copyButton } from './view.js';

/** The list. */
export class ClipList extends ListView {
  protected override readonly none = words().noClips;
  readonly #recording: Recording;
  readonly #more = button(words().more, () => void this.#load());
  #cursor: string | undefined;

  constructor(recording: Recording) {
    super();
    this.#recording = recording;
  }

  /** Shows one that was just made. */
  add(clip: Clip): void {
    this.put(this.#row(clip));
  }

  protected override show(): void {
    this.#more.hidden = true;
    this.append(h('section', { class: 'card body' }, h('h2', {}, words().clips), this.note, this.list, this.#more));
    void this.#load();
  }

  async #load(): Promise<void> {
    const page = await this.attempt(() => this.session.api.clips(this.#recording.id, this.#cursor));
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
        copyButton(this.session, text.copyLink, clip.playback.hls),
        h('a', { class: 'button small', href: `${clip.playback.mp4}?download=${encodeURIComponent(title)}`, download: true }, text.download),
        button(text.delete, () => void this.take(row, text.deleteClipQuestion(title), text.delete, () => this.session.api.deleteClip(this.#recording.id, clip.id), text.deleted), 'button small danger')));
    return row;
  }
}

customElements.define('console-clips', ClipList);
