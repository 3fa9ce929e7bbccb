/** API keys: made, shown once, revoked. */
import { scopes, type Key } from './api.js';
import { date, scopeText, titleOf } from './figures.js';
import { badge, button, field, h, lines } from './nodes.js';
import { words } from './text.js';
import { ListView, copyButton, heading } from './view.js';

/** The section. */
export class KeysView extends ListView {
  protected override readonly none = words().noKeys;
  /** The key that was just made, until its maker says that it is stored: in this page's memory alone. */
  static #fresh: string | undefined;

  readonly #made = h('section', { class: 'card body made', tabindex: -1, 'aria-label': words().keyMade, hidden: true });

  /** Shows a new key no more. */
  static forget(): void {
    KeysView.#fresh = undefined;
  }

  protected override show(): void {
    const text = words();
    const title = h('input', { maxlength: 200 });
    const origins = h('textarea', { rows: 3, spellcheck: 'false' });
    const boxes = scopes.map((scope) => h('input', { type: 'checkbox', value: scope }));
    const chosen = h('fieldset', {}, h('legend', { class: 'label' }, text.scopes),
      ...boxes.map((box, at) => h('label', { class: 'check' }, box, scopeText(scopes[at] ?? 'read'))));
    const create = async (event: Event): Promise<void> => {
      event.preventDefault();
      const wanted = scopes.filter((_, at) => boxes[at]?.checked);
      if (wanted.length === 0) {
        this.session.say(text.scopeMissing);
        boxes[0]?.focus();
        return;
      }
      const name = title.value.trim();
      const made = await this.attempt(() => this.session.api.createKey({ ...(name ? { title: name } : {}), scopes: wanted, origins: lines(origins) }));
      if (!made) return;
      form.reset();
      KeysView.#fresh = made.key;
      this.put(this.#row(made));
      this.#reveal();
      this.#made.focus();
    };
    const form = h('form', { class: 'card body', onsubmit: create }, h('h2', {}, text.newKey), field(text.name, title), chosen, field(text.origins, origins, text.keyOriginsHint), h('button', { class: 'button primary' }, text.createKey));
    this.append(heading(text.keys), h('p', { class: 'soft' }, text.keysHint), this.#made, h('section', { class: 'card body' }, this.note, this.list), form);
    this.#reveal();
    void this.#load();
  }

  /** Shows the key that was just made, if there is one. */
  #reveal(): void {
    const text = words();
    const key = KeysView.#fresh;
    this.#made.hidden = key === undefined;
    if (key === undefined) return this.#made.replaceChildren();
    const done = button(text.keyStored, () => {
      KeysView.forget();
      this.#reveal();
      this.querySelector('h1')?.focus();
    }, 'button small');
    this.#made.replaceChildren(h('p', {}, text.keyMade), h('code', { class: 'secret' }, key), h('div', { class: 'row' }, copyButton(this.session, text.copy, key), done));
  }

  async #load(): Promise<void> {
    const keys = await this.attempt(() => this.session.api.keys());
    this.fill((keys ?? []).map((key) => this.#row(key)));
  }

  #row(key: Key): HTMLLIElement {
    const text = words();
    const question = text.revokeQuestion(titleOf(key));
    const revoke = button(text.revoke, () => void this.take(row, question, text.revoke, () => this.session.api.revokeKey(key.id), text.revoked), 'button small danger');
    const row = h('li', { id: key.id },
      h('div', {}, h('strong', {}, titleOf(key)), h('code', { class: 'id' }, key.id), h('span', { class: 'soft' }, [date(key.created), ...(key.origins ?? [])].join(' · '))),
      h('div', { class: 'row' }, h('span', { class: 'badges' }, ...key.scopes.map((scope) => badge(scope, 'idle'))), revoke));
    return row;
  }
}

customElements.define('console-keys', KeysView);
