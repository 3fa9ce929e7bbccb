/** What is decided about a recording: review, who may play, links, deletion. */
import type { Access, Recording, Review } from './api.js';
import { date, titleOf } from './figures.js';
import { button, field, h } from './nodes.js';
import { words } from './text.js';
import { View, confirmed, copyButton } from './view.js';

const hour = 3_600;
/** Milliseconds after which a token is of a later second than one that was made before. */
const sameSecond = 1_000;

/** The panel. */
export class DecisionPanel extends View {
  readonly #changed: (recording: Recording) => void;
  readonly #choices = h('div', { class: 'row' });
  readonly #who = h('p', { class: 'soft' });
  readonly #made = h('div', { class: 'made', tabindex: -1, hidden: true });
  #recording: Recording;

  constructor(recording: Recording, changed: (recording: Recording) => void) {
    super();
    this.#recording = recording;
    this.#changed = changed;
  }

  protected override show(): void {
    const text = words();
    const lasts = h('select', {}, ...([[text.hour, hour], [text.day, 24 * hour], [text.week, 7 * 24 * hour], [text.month, 30 * 24 * hour]] as const).map(
      ([name, seconds]) => h('option', { value: seconds }, name)));
    const link = h('form', { class: 'row bottom', onsubmit: (event) => this.#link(event, Number(lasts.value)) },
      field(text.linkFor, lasts), h('button', { class: 'button' }, text.makeLink),
      button(text.revokeLinks, () => void this.#patch({ revoke_tokens: true }, text.linksRevoked)));
    this.append(
      h('section', { class: 'card body' }, h('h2', {}, text.decide), this.#who, this.#choices),
      h('section', { class: 'card body' }, h('h2', {}, text.link), link, this.#made),
      h('p', {}, button(text.deleteRecording, () => void this.#delete(), 'button danger')));
    this.#write();
  }

  #write(): void {
    const text = words();
    const { review, access } = this.#recording;
    this.#who.textContent = review === 'approved' ? (access === 'public' ? text.anyone : text.linkOnly) : text[review];
    const decide = (label: string, to: Review, kind?: string): HTMLButtonElement => button(label, () => void this.#patch({ review: to }), kind);
    const open: [string, Access] = access === 'public' ? [text.makePrivate, 'token'] : [text.makePublic, 'public'];
    const choices = [
      ...(review === 'approved' ? [] : [decide(text.approve, 'approved', 'button primary')]),
      ...(review === 'banned' ? [] : [decide(text.ban, 'banned', 'button danger')]),
      ...(review === 'pending' ? [] : [decide(text.makePending, 'pending')]),
      button(open[0], () => void this.#patch({ access: open[1] })),
    ];
    const hadFocus = this.#choices.contains(document.activeElement);
    this.#choices.replaceChildren(...choices);
    if (hadFocus) choices[0]?.focus();
  }

  async #patch(body: { review?: Review; access?: Access; revoke_tokens?: true }, done = words().changed): Promise<void> {
    const changed = await this.attempt(() => this.session.api.change(this.#recording.id, body));
    if (!changed) return;
    // The player's own token goes with the others, and so does one that is made in the same second.
    if (body.revoke_tokens) await new Promise((resolve) => setTimeout(resolve, sameSecond));
    this.#recording = changed;
    this.#made.hidden = true;
    this.#write();
    this.#changed(changed);
    this.session.say(done);
  }

  async #link(event: Event, seconds: number): Promise<void> {
    event.preventDefault();
    const made = await this.attempt(() => this.session.api.createPlayToken(this.#recording.id, { seconds }));
    if (!made) return;
    const text = words();
    const address = made.playback.hls;
    this.#made.replaceChildren(h('p', {}, text.linkMade(date(1000 * made.expires))), h('code', { class: 'secret' }, address), copyButton(this.session, text.copyLink, address));
    this.#made.hidden = false;
    this.#made.focus();
  }

  async #delete(): Promise<void> {
    const text = words();
    const { session } = this;
    if (!(await confirmed(text.deleteRecordingQuestion(titleOf(this.#recording)), text.delete))) return;
    const isDone = await this.attempt(async () => {
      await session.api.delete(this.#recording.id);
      return true;
    });
    if (!isDone) return;
    location.hash = 'recordings';
    session.say(text.deleted);
  }
}

customElements.define('console-decisions', DecisionPanel);
