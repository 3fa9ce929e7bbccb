/** All recordings: searched, narrowed, a page at a time. */
import { clock, size } from '../sdk/src/element_format.js';
import type { Review, Summary } from './api.js';
import { date, titleOf } from './figures.js';
import { badge, button, choice, field, h } from './nodes.js';
import { words } from './text.js';
import { View, heading } from './view.js';

/** Milliseconds after the last key until the search is sent. */
const typingPause = 250;
const pageLength = 25;
const reviews: readonly Review[] = ['pending', 'approved', 'banned'];

/** The section. */
export class RecordingsView extends View {
  readonly #search = h('input', { type: 'search', placeholder: words().searchHint });
  readonly #state = options(words().all, ['recording', 'finished'] as const);
  readonly #review = options(words().all, reviews);
  readonly #rows = h('tbody');
  readonly #note = h('p', { class: 'soft', role: 'status' });
  readonly #more = button(words().more, () => void this.#load(true));
  #cursor: string | undefined;
  /** Counts questions: an answer that a later question has overtaken is dropped. */
  #asked = 0;
  #typing: ReturnType<typeof setTimeout> | undefined;

  protected override show(): void {
    const text = words();
    const again = (): void => void this.#load(false);
    this.#search.addEventListener('input', () => {
      clearTimeout(this.#typing);
      this.#typing = setTimeout(again, typingPause);
    });
    for (const select of [this.#state, this.#review]) select.addEventListener('change', again);
    const form = h('form', { class: 'filters', role: 'search', onsubmit: (event) => event.preventDefault() },
      field(text.search, this.#search), field(text.state, this.#state), field(text.review, this.#review));
    const names = [text.recordings, text.state, text.duration, text.stored, text.created];
    const head = h('thead', {}, h('tr', {}, ...names.map((name) => h('th', { scope: 'col' }, name))));
    this.#more.hidden = true;
    this.append(heading(text.recordings), form, h('div', { class: 'card list' }, h('table', {}, head, this.#rows), this.#note), h('div', { class: 'row' }, this.#more));
    again();
  }

  async #load(further: boolean): Promise<void> {
    const question = (this.#asked += 1);
    const search = { search: this.#search.value.trim(), state: this.#state.value, review: this.#review.value, limit: pageLength };
    const page = await this.attempt(() => this.session.api.recordings(further && this.#cursor ? { ...search, cursor: this.#cursor } : search));
    if (!page || question !== this.#asked) return;
    const rows = page.items.map(row);
    if (further) this.#rows.append(...rows);
    else this.#rows.replaceChildren(...rows);
    if (further) rows[0]?.querySelector('a')?.focus();
    this.#cursor = page.cursor;
    this.#more.hidden = !page.cursor;
    this.#note.textContent = this.#rows.hasChildNodes() ? '' : words().noneFound;
  }
}

/** A choice of `names`, and of none of them. */
function options(none: string, names: readonly ('recording' | 'finished' | Review)[]): HTMLSelectElement {
  return choice(none, names.map((name) => [name, words()[name]]));
}

/** State and decisions of a recording, as badges. */
export function badges({ state, review, access }: Summary): HTMLSpanElement {
  const text = words();
  return h('span', { class: 'badges' },
    state === 'recording' ? badge(text.recording, 'on') : badge(text.finished, 'idle'),
    review !== 'approved' && badge(text[review], review),
    access === 'token' && badge(text.private, 'idle'));
}

function row(recording: Summary): HTMLTableRowElement {
  const text = words();
  const title = h('a', { class: 'title', href: `#recordings/${recording.id}` }, titleOf(recording));
  // On a narrow screen a cell says itself what it is.
  const cell = (name: string, ...content: (Node | string)[]): HTMLTableCellElement => h('td', { 'data-name': name }, ...content);
  return h('tr', {},
    h('td', {}, title, h('code', { class: 'id' }, recording.id)),
    cell(text.state, badges(recording)),
    cell(text.duration, clock(recording.duration)),
    cell(text.stored, size(recording.bytes)),
    cell(text.created, date(recording.created)));
}

customElements.define('console-recordings', RecordingsView);
