/** What every part of the console is made from. */
import type { Api } from './api.js';
import { button, h } from './nodes.js';
import { words } from './text.js';

/** What parts are given by the page around them. */
export interface Session {
  readonly api: Api;
  /** Tells, politely, what was done. */
  say(sentence: string): void;
  /** Tells what went wrong; nothing takes an earlier error away. Where the key is good no more, that ends the session. */
  fail(error?: unknown): void;
}

/** A part of the console: an element in the page's own tree, so that one style sheet and one reading order hold. */
export abstract class View extends HTMLElement {
  #session: Session | undefined;

  /** Gives the element its session; before it is put into the page. */
  within(session: Session): this {
    this.#session = session;
    return this;
  }

  protected get session(): Session {
    if (!this.#session) throw new Error(`<${this.localName}> has no session`);
    return this.#session;
  }

  /** Fills the element; called when it comes into the page. */
  protected abstract show(): void;

  connectedCallback(): void {
    if (!this.hasChildNodes()) this.show();
  }

  /** Does `work`; an error is told, and gives nothing. */
  protected async attempt<Result>(work: () => Promise<Result>): Promise<Result | undefined> {
    this.session.fail();
    try {
      return await work();
    } catch (error) {
      if (this.isConnected) this.session.fail(error);
      return undefined;
    }
  }
}

/** A part that is a list, to which what is made is added. Each row has the id of what it is. */
export abstract class ListView extends View {
  protected readonly list = h('ul', { class: 'rows' });
  protected readonly note = h('p', { class: 'soft' }, words().loading);
  /** What it says where it is empty. */
  protected abstract readonly none: string;

  /** Shows what was just made. */
  protected put(row: HTMLLIElement): void {
    this.list.prepend(row);
    this.count();
  }

  /** Shows what the edge listed, but for what was made while it answered, which is shown already. */
  protected fill(rows: readonly HTMLLIElement[]): void {
    const shown = new Set([...this.list.children].map((row) => row.id));
    this.list.append(...rows.filter((row) => !shown.has(row.id)));
    this.count();
  }

  /** Says where there is nothing. */
  protected count(): void {
    this.note.textContent = this.list.hasChildNodes() ? '' : this.none;
  }

  /** Asks, does `work`, takes the row away and says `done`. */
  protected async take(row: HTMLLIElement, question: string, verb: string, work: () => Promise<void>, done: string): Promise<void> {
    if (!(await confirmed(question, verb))) return;
    const isDone = await this.attempt(() => work().then(() => true));
    if (!isDone) return;
    row.remove();
    this.count();
    this.session.say(done);
  }
}

/** A view's heading, which gets the focus when the view is opened. */
export function heading(title: string): HTMLHeadingElement {
  return h('h1', { tabindex: -1 }, title);
}

/** Asks `question`; true where the answer is `yes`, a verb. */
export function confirmed(question: string, yes: string): Promise<boolean> {
  const dialog = h('dialog', { 'aria-labelledby': 'question' }, h('p', { id: 'question' }, question));
  const no = button(words().cancel, () => dialog.close());
  dialog.append(h('div', { class: 'row end' }, no, button(yes, () => dialog.close('yes'), 'button danger')));
  document.body.append(dialog);
  dialog.showModal();
  no.focus();
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => {
      dialog.remove();
      resolve(dialog.returnValue === 'yes');
    });
  });
}

/** Copies `text`, and says `done` of it, or that it cannot be; true where it is done. */
export async function copied(session: Session, text: string, done: string): Promise<boolean> {
  // There is no clipboard for pages that did not come by HTTPS.
  const isCopied = await Promise.resolve(navigator.clipboard?.writeText(text).then(() => true)).catch(() => false);
  session.say(isCopied ? done : words().notCopied(text));
  return isCopied ?? false;
}

/** A button that copies `text` and says so, to everybody. */
export function copyButton(session: Session, label: string, text: string): HTMLButtonElement {
  const copy = button(label, async () => {
    if (!(await copied(session, text, words().copied))) return;
    copy.textContent = words().copied;
    setTimeout(() => (copy.textContent = label), 3_000);
  }, 'button small');
  return copy;
}
