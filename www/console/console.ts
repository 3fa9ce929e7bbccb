/** The console, `/console`: signing in, the sections, and what they tell. */
import { languageTag, otherLanguage, switchLanguage } from '../demo/language.js';
import { Api, EdgeError } from './api.js';
import { KeysView } from './keys.js';
import { LiveView } from './live.js';
import { button, field, h } from './nodes.js';
import { RecordingView } from './recording.js';
import { RecordingsView } from './recordings.js';
import { explain } from './refusals.js';
import { TemplatesView } from './templates.js';
import { words } from './text.js';
import type { Session, View } from './view.js';

/** Where the key is, for as long as the tab is open. */
const stored = 'livetape.key';
const sections = ['live', 'recordings', 'templates', 'keys'] as const;
/** How long a sentence of what was done stays, in milliseconds. */
const readingTime = 6_000;

/** The whole page. */
class LivetapeConsole extends HTMLElement implements Session {
  #api: Api | undefined;
  readonly #status = h('p', { class: 'message', role: 'status' });
  readonly #error = h('p', { class: 'message bad', role: 'alert' });
  readonly #main = h('main');
  #fading: ReturnType<typeof setTimeout> | undefined;

  get api(): Api {
    if (!this.#api) throw new Error('nobody is signed in');
    return this.#api;
  }

  connectedCallback(): void {
    const key = sessionStorage.getItem(stored);
    if (key) this.#api = new Api(key);
    addEventListener('hashchange', () => {
      this.fail();
      this.say('');
      this.#open();
      this.#main.querySelector('h1')?.focus();
    });
    this.#draw();
  }

  say(sentence: string): void {
    this.#status.textContent = sentence;
    clearTimeout(this.#fading);
    this.#fading = setTimeout(() => (this.#status.textContent = ''), readingTime);
  }

  fail(error?: unknown): void {
    if (error instanceof EdgeError && (error.code === 'key_invalid' || error.code === 'token_missing') && this.#api) this.#signOut();
    this.#error.textContent = error === undefined ? '' : explain(error);
  }

  /** Everything, in the language that is chosen now. */
  #draw(): void {
    const text = words();
    document.documentElement.lang = languageTag();
    const other = button(otherLanguage(), () => {
      switchLanguage();
      this.fail();
      this.#draw();
      this.querySelector<HTMLElement>('.language')?.focus();
    }, 'plain language');
    other.ariaLabel = text.otherLanguage;
    const header = h('header', { class: 'top' }, h('a', { class: 'brand', href: '/console' }, 'livetape'), h('span', { class: 'tagline' }, text.title), other);
    if (this.#api) {
      header.append(button(text.signOut, () => this.#signOut(), 'plain'));
      const links = sections.map((section) => h('a', { href: `#${section}` }, text[section]));
      header.append(h('nav', { 'aria-label': text.sections }, ...links));
    }
    this.toggleAttribute('signed-in', this.#api !== undefined);
    this.replaceChildren(header, this.#main, h('div', { class: 'messages' }, this.#status, this.#error));
    this.#open();
  }

  #open(): void {
    const [section = '', id = ''] = location.hash.slice(1).split('/');
    document.title = `livetape · ${this.#api ? (words() as Record<string, unknown>)[section] ?? words().live : words().signIn}`;
    for (const link of this.querySelectorAll('nav a')) {
      const isCurrent = link.getAttribute('href') === `#${sections.find((name) => name === section) ?? 'live'}`;
      if (isCurrent) link.setAttribute('aria-current', 'page');
      else link.removeAttribute('aria-current');
    }
    this.#main.replaceChildren(this.#api ? viewOf(section, id).within(this) : this.#signIn());
  }

  #signIn(): HTMLElement {
    const text = words();
    const key = h('input', { type: 'password', autocomplete: 'off', spellcheck: 'false', required: true, name: 'key' });
    const submit = h('button', { class: 'button primary' }, text.signIn);
    const enter = async (event: Event): Promise<void> => {
      event.preventDefault();
      this.fail();
      const api = new Api(key.value.trim());
      try {
        await api.recordings({ limit: 1 });
      } catch (error) {
        // A key that may not list may do something else: each section says what.
        if (!(error instanceof EdgeError && error.code === 'key_scope')) {
          this.fail(error);
          key.focus();
          return;
        }
      }
      sessionStorage.setItem(stored, key.value.trim());
      this.#api = api;
      this.#draw();
      this.#main.querySelector('h1')?.focus();
    };
    const form = h('form', { class: 'card sign-in', onsubmit: enter }, h('h1', {}, text.signIn), h('p', { class: 'soft' }, text.signInHint), field(text.key, key), submit);
    requestAnimationFrame(() => key.focus());
    return form;
  }

  #signOut(): void {
    sessionStorage.removeItem(stored);
    KeysView.forget();
    this.#api = undefined;
    this.fail();
    this.#draw();
  }
}

function viewOf(section: string, id: string): View {
  switch (section) {
    case 'recordings':
      return id ? new RecordingView(decodeURIComponent(id)) : new RecordingsView();
    case 'templates':
      return new TemplatesView();
    case 'keys':
      return new KeysView();
    default:
      return new LiveView();
  }
}

customElements.define('livetape-console', LivetapeConsole);
