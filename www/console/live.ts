/** What is being recorded now: a card each, with its latest picture. */
import { clock, size } from '../sdk/src/element_format.js';
import type { Recording, Summary } from './api.js';
import { bitrate, format, titleOf } from './figures.js';
import { latestPicture } from './latest_picture.js';
import { badge, h } from './nodes.js';
import { Refresher } from './refresher.js';
import { explain } from './refusals.js';
import { words } from './text.js';
import { View, heading } from './view.js';

/** Cards at most: those that began last. */
const mostCards = 48;
/** A recording of which nothing came for so long says so, in milliseconds. */
const silence = 20_000;
/** A token to look at pictures by is made anew after this, in milliseconds, and is good for a little longer. */
const tokenAge = 600_000;

/** The section. */
export class LiveView extends View {
  readonly #grid = h('ul', { class: 'grid' });
  readonly #note = h('p', { class: 'soft' }, words().loading);
  readonly #cards = new Map<string, LiveCard>();
  #refresher: Refresher | undefined;

  protected override show(): void {
    this.append(heading(words().live), this.#note, this.#grid);
    this.#refresher = new Refresher(() => this.#look());
  }

  disconnectedCallback(): void {
    this.#refresher?.stop();
  }

  async #look(): Promise<boolean> {
    const page = await this.session.api.recordings({ state: 'recording', limit: mostCards }).catch((error: unknown) => {
      if (this.isConnected) this.session.fail(error);
      throw error;
    });
    if (!this.isConnected) return false;
    this.session.fail();
    let isNew = false;
    for (const [id, card] of this.#cards) {
      if (page.items.some((summary) => summary.id === id)) continue;
      card.item.remove();
      this.#cards.delete(id);
      isNew = true;
    }
    page.items.forEach((summary, at) => {
      if (this.#cards.has(summary.id)) return;
      const card = new LiveCard(summary).within(this.session);
      this.#cards.set(summary.id, card);
      this.#grid.insertBefore(card.item, this.#grid.children[at] ?? null);
      isNew = true;
    });
    this.#note.textContent = page.cursor ? words().moreLive(mostCards) : this.#cards.size === 0 ? words().noLive : '';
    const looked = await Promise.allSettled([...this.#cards.values()].map((card) => card.look()));
    return looked.some((each) => each.status === 'fulfilled' && each.value) || isNew;
  }
}

/** One recording that grows. */
class LiveCard extends View {
  /** The card in its place in the list. */
  readonly item = h('li', {}, this);
  readonly #summary: Summary;
  readonly #frame = h('div', { class: 'frame' });
  readonly #state = h('span', { class: 'badges' });
  readonly #facts = h('dl', { class: 'facts' });
  #seen: Recording | undefined;
  /** When something last arrived, by this page's clock; reckoned, until it is seen. */
  #grownAt = 0;
  #rate: number | undefined;
  #shown = '';
  #image = '';
  #play: { readonly name: string; readonly until: number } | undefined;

  constructor(summary: Summary) {
    super();
    this.#summary = summary;
  }

  protected override show(): void {
    const title = h('a', { class: 'title', href: `#recordings/${this.#summary.id}` }, titleOf(this.#summary));
    this.classList.add('card');
    this.append(this.#frame, h('div', { class: 'body' }, h('div', { class: 'row' }, title, this.#state), this.#facts));
    this.#tell(words().loading);
  }

  disconnectedCallback(): void {
    URL.revokeObjectURL(this.#image);
  }

  /** Asks for its facts, and its picture where the card can be seen; says whether anything is new. */
  async look(): Promise<boolean> {
    const recording = await this.session.api.recording(this.#summary.id);
    const before = this.#seen;
    const hasGrown = recording.bytes !== before?.bytes;
    this.#seen = recording;
    if (hasGrown) {
      const end = recording.created + 1000 * ((recording.from ?? 0) + recording.duration);
      this.#grownAt = performance.now() - (before ? 0 : Math.max(0, Date.now() - end));
      // Bytes that came, by the time that they play; at first, of all that there is.
      const [bytes, seconds] = before && recording.duration > before.duration
        ? [recording.bytes - before.bytes, recording.duration - before.duration]
        : [recording.bytes, recording.duration];
      this.#rate = seconds > 0 ? (8 * bytes) / seconds : undefined;
    }
    this.#write(recording);
    if (this.#isInView) {
      await this.#picture(recording).catch((error: unknown) => {
        // Tokens may have been revoked meanwhile.
        this.#play = undefined;
        this.#tell(explain(error));
      });
    }
    return hasGrown;
  }

  get #isInView(): boolean {
    const { top, bottom } = this.getBoundingClientRect();
    return bottom > 0 && top < innerHeight;
  }

  #write(recording: Recording): void {
    const text = words();
    const isSilent = performance.now() - this.#grownAt > silence;
    const state = recording.objects === 0 ? badge(text.waiting, 'idle') : isSilent ? badge(text.silent, 'warn') : badge(text.growing, 'on');
    this.#state.replaceChildren(state);
    if (recording.review !== 'approved') this.#state.append(badge(text[recording.review], recording.review));
    const facts: [string, string][] = [
      [text.duration, clock(Math.floor(recording.duration))],
      [text.bitrate, this.#rate === undefined ? '–' : bitrate(this.#rate)],
      [text.stored, size(recording.bytes)],
      [text.format, format(recording) || '–'],
    ];
    this.#facts.replaceChildren(...facts.map(([name, value]) => h('div', {}, h('dt', name === text.bitrate ? { title: text.bitrateHow } : {}, name), h('dd', {}, value))));
  }

  async #picture(recording: Recording): Promise<void> {
    const text = words();
    if (recording.review === 'banned') return this.#tell(text.bannedPicture);
    if (recording.objects === 0) return this.#tell(text.waiting);
    const latest = await latestPicture(recording, await this.#playName(recording));
    if (!latest) return this.#tell(text.noPicture);
    if (latest.address === this.#shown) return;
    const image = URL.createObjectURL(await latest.decode());
    const alt = text.latestPicture(titleOf(recording), clock(Math.floor(recording.duration)));
    this.#frame.replaceChildren(h('img', { src: image, alt }));
    URL.revokeObjectURL(this.#image);
    this.#image = image;
    this.#shown = latest.address;
  }

  /** What opens its pictures: its id, or a reviewer's token where that does not. */
  async #playName(recording: Recording): Promise<string> {
    if (recording.review === 'approved' && recording.access === 'public') return recording.id;
    if (!this.#play || this.#play.until < performance.now()) {
      const { token } = await this.session.api.createPlayToken(recording.id, { seconds: (2 * tokenAge) / 1000, reviewer: true });
      this.#play = { name: token, until: performance.now() + tokenAge };
    }
    return this.#play.name;
  }

  #tell(sentence: string): void {
    this.#shown = '';
    if (this.#frame.textContent !== sentence || this.#frame.querySelector('img')) this.#frame.replaceChildren(h('p', {}, sentence));
  }
}

customElements.define('console-live', LiveView);
customElements.define('console-live-card', LiveCard);
