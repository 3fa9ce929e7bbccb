/** Style of `<live-tape>`'s shadow tree. */
export const style = `
:host { display: block; font: 15px/1.4 system-ui, sans-serif; color: inherit; --own-accent: var(--livetape-accent, #d92d3a); }
:host([hidden]), [hidden] { display: none !important; }
.row { display: flex; flex-wrap: wrap; align-items: center; gap: .6rem; }
button {
  display: inline-flex; align-items: center; gap: .5em; min-height: 2.6em; padding: 0 1.1em; font: inherit; font-weight: 600;
  color: inherit; background: var(--livetape-button, color-mix(in srgb, currentColor 9%, transparent));
  border: 1px solid color-mix(in srgb, currentColor 22%, transparent); border-radius: .6em; cursor: pointer;
}
button.small { min-height: 2.1em; padding: 0 .8em; font-size: .9em; }
button:hover:not(:disabled, [aria-disabled=true]) { background: color-mix(in srgb, currentColor 16%, transparent); }
button:focus-visible, a:focus-visible, input:focus-visible { outline: 3px solid var(--own-accent); outline-offset: 2px; }
button:disabled, button[aria-disabled=true] { opacity: .5; cursor: default; }
.dot { width: .75em; height: .75em; border-radius: 50%; background: var(--own-accent); }
:host([state="recording"]) .dot, :host([state="stopping"]) .dot { border-radius: .12em; }
:host([paused]) .dot { opacity: .45; }
:host([state="recording"]) [part~="record"] { border-color: var(--own-accent); }
.meter, .position { font-variant-numeric: tabular-nums; }
.meter:empty { display: none; }
.spread { justify-content: space-between; }
progress { width: 7em; height: .5em; accent-color: var(--own-accent); }
video { display: block; width: 100%; max-height: 80vh; margin-bottom: .6rem; background: #000; border-radius: .6em; }
.bar { margin-bottom: .9rem; }
.track { position: relative; padding-bottom: .55rem; }
/* What is selected, under the handle's way. */
.track::after {
  content: ""; position: absolute; left: var(--in); width: calc(var(--out) - var(--in)); bottom: .35rem; height: 5px; border-radius: 3px;
  background: var(--own-accent); pointer-events: none;
}
input { display: block; width: 100%; height: 1.8em; margin: 0; accent-color: var(--own-accent); cursor: pointer; }
.position { min-width: 5.5em; }
/* Never display: none: a live region must be there before it speaks. */
.below > :not(:empty) { margin-top: .5rem; }
.error { color: var(--livetape-error, #e5484d); }
a { color: inherit; font-weight: 600; text-underline-offset: .2em; }
.links { display: flex; flex-wrap: wrap; align-items: center; gap: .2rem 1.2rem; }
`;
