/** Elements made in one expression: nothing that somebody typed is ever read as HTML. */

/** What an element may be given: listeners as functions, attributes as texts; `false` and `undefined` leave one out. */
type Given = Record<string, string | number | boolean | undefined | ((event: Event) => unknown)>;
export type Child = Node | string | undefined | false;

/** An element with attributes (`onclick` and the like are listeners) and children. */
export function h<Name extends keyof HTMLElementTagNameMap>(name: Name, given: Given = {}, ...children: Child[]): HTMLElementTagNameMap[Name] {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(given)) {
    if (typeof value === 'function') element.addEventListener(key.slice(2), value);
    else if (value === true) element.setAttribute(key, '');
    else if (value !== undefined && value !== false) element.setAttribute(key, String(value));
  }
  element.append(...present(children));
  return element;
}

/** Those that are there. */
export function present(children: readonly Child[]): (Node | string)[] {
  return children.filter((child) => child !== undefined && child !== false && child !== '') as (Node | string)[];
}

/** A button that says `label`; `kind` is its class. */
export function button(label: string, pressed: () => unknown, kind = 'button'): HTMLButtonElement {
  return h('button', { type: 'button', class: kind, onclick: pressed }, label);
}

/** A labelled control, with a hint below it. */
export function field(label: string, control: HTMLElement, hint = ''): HTMLLabelElement {
  return h('label', { class: 'field' }, h('span', { class: 'label' }, label), control, hint && h('span', { class: 'hint' }, hint));
}

/** A choice of values, each with its label, and of none of them. */
export function choice(none: string, values: readonly (readonly [value: string, label: string])[]): HTMLSelectElement {
  return h('select', {}, h('option', { value: '' }, none), ...values.map(([value, label]) => h('option', { value }, label)));
}

/** What was written into a field for several, one a line. */
export function lines(field: HTMLTextAreaElement): string[] {
  return field.value.split(/\s+/).filter((line) => line !== '');
}

/** A word in a coloured frame. */
export function badge(word: string, kind: string): HTMLSpanElement {
  return h('span', { class: `badge ${kind}` }, word);
}
