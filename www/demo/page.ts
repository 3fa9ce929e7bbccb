/** The element of this id, which the page is known to have. */
export function element<Kind extends HTMLElement>(id: string, kind: abstract new (...args: never[]) => Kind): Kind {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`the page has no #${id}`);
  return found;
}

/** Shows trouble in words; hides it when there are none. */
export function showTrouble(words: string): void {
  const place = element('trouble', HTMLElement);
  place.textContent = words;
  place.hidden = words === '';
}
