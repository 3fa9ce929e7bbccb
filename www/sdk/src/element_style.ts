/** Style of `<live-tape>`'s shadow tree. */
export const style = `
:host { display: block; font: 15px/1.4 system-ui, sans-serif; color: inherit; }
:host([hidden]) { display: none; }
.row { display: flex; flex-wrap: wrap; align-items: center; gap: .6rem; }
button {
  display: inline-flex; align-items: center; gap: .5em; min-height: 2.6em; padding: 0 1.1em; font: inherit; font-weight: 600;
  color: inherit; background: var(--livetape-button, color-mix(in srgb, currentColor 9%, transparent));
  border: 1px solid color-mix(in srgb, currentColor 22%, transparent); border-radius: .6em; cursor: pointer;
}
button:hover:not(:disabled, [aria-disabled=true]) { background: color-mix(in srgb, currentColor 16%, transparent); }
button:focus-visible, a:focus-visible { outline: 3px solid var(--livetape-accent, #e5484d); outline-offset: 2px; }
button:disabled, button[aria-disabled=true] { opacity: .5; cursor: default; }
.dot { width: .75em; height: .75em; border-radius: 50%; background: var(--livetape-accent, #e5484d); }
:host([state="recording"]) .dot, :host([state="stopping"]) .dot { border-radius: .12em; }
:host([state="recording"]) [part~="record"] { border-color: var(--livetape-accent, #e5484d); }
.meter { font-variant-numeric: tabular-nums; }
.meter:empty { display: none; }
progress { width: 7em; height: .5em; accent-color: var(--livetape-accent, #e5484d); }
/* Never display: none: a live region must be there before it speaks. */
.below > :not(:empty) { margin-top: .5rem; }
.error { color: var(--livetape-error, #e5484d); }
a { color: inherit; font-weight: 600; text-underline-offset: .2em; }
.links { display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; }
`;
