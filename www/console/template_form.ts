/** The form by which templates are made. */
import type { Access, Encryption, Limits, Review } from './api.js';
import { choice, field, h, lines } from './nodes.js';
import { words } from './text.js';

const megabyte = 1e6;
/** Least seconds of a window. */
const shortestWindow = 60;

/** An input of a whole number; no limit where it is empty. */
function number(min = 1, max?: number): HTMLInputElement {
  return h('input', { type: 'number', min, max, step: 1, placeholder: words().noLimit });
}

/** A form that gives what was filled in to `create`, and is emptied where that says that it is done. */
export function templateForm(create: (body: Limits) => Promise<boolean>): HTMLFormElement {
  const text = words();
  const title = h('input', { maxlength: 200 });
  const [origins, playOrigins] = [0, 1].map(() => h('textarea', { rows: 3, spellcheck: 'false' })) as [HTMLTextAreaElement, HTMLTextAreaElement];
  const [minutes, megabytes, recordings, perMinute, days, window] = [number(), number(), number(), number(), number(), number(shortestWindow)] as const;
  const longest = number(7, 10);
  longest.placeholder = '7';
  const review = choice(text.theirChoice, [['approved', text.approved], ['pending', text.pending]]);
  const access = choice(text.theirChoice, [['public', text.anyone], ['token', text.linkOnly]]);
  const encryption = choice(text.theirChoice, [['none', text.unencrypted], ['aes-128', text.encrypted]]);
  /** What was filled in, and nothing else. */
  const body = (): Limits => {
    const playable = lines(playOrigins);
    return {
      ...(title.value.trim() ? { title: title.value.trim() } : {}),
      origins: lines(origins),
      ...(minutes.value ? { minutes: minutes.valueAsNumber } : {}),
      ...(megabytes.value ? { bytes: megabytes.valueAsNumber * megabyte } : {}),
      ...(recordings.value ? { recordings: recordings.valueAsNumber } : {}),
      ...(perMinute.value ? { per_minute: perMinute.valueAsNumber } : {}),
      ...(longest.value ? { target_duration: longest.valueAsNumber } : {}),
      ...(review.value ? { review: review.value as Review } : {}),
      ...(access.value ? { access: access.value as Access } : {}),
      ...(encryption.value ? { encryption: encryption.value as Encryption } : {}),
      ...(days.value || window.value ? { retention: { ...(days.value ? { days: days.valueAsNumber } : {}), ...(window.value ? { window: window.valueAsNumber } : {}) } } : {}),
      ...(playable.length ? { play_origins: playable } : {}),
    };
  };
  const form = h('form', { class: 'card body', onsubmit: async (event) => {
    event.preventDefault();
    if (await create(body())) form.reset();
  } }, h('h2', {}, text.newTemplate),
    h('div', { class: 'fields' }, field(text.name, title), field(text.origins, origins, text.originsHint), field(text.minutes, minutes),
      field(text.megabytes, megabytes), field(text.mostRecordings, recordings), field(text.perMinute, perMinute)),
    h('h3', {}, text.theirRecordings),
    h('div', { class: 'fields' }, field(text.review, review), field(text.decide, access), field(text.segments, encryption), field(text.days, days),
      field(text.window, window), field(text.longest, longest), field(text.playOrigins, playOrigins, text.originsHint)),
    h('button', { class: 'button primary' }, text.createTemplate));
  return form;
}
