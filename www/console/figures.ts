/** Names, dates and numbers as the console writes them. */
import { clock, size } from '../sdk/src/element_format.js';
import { languageTag } from '../demo/language.js';
import type { Limits, Recording, Scope } from './api.js';
import { words } from './text.js';

/** What a recording, clip, template or key is called. */
export function titleOf({ title }: { readonly title?: string }): string {
  return title || words().untitled;
}

/** What a key's scope lets its holder do. */
export function scopeText(scope: Scope): string {
  return words()[scope];
}

/** Unix milliseconds as a date and time of day. */
export function date(millis: number): string {
  return new Intl.DateTimeFormat(languageTag(), { dateStyle: 'medium', timeStyle: 'short' }).format(millis);
}

/** Bits a second. */
export function bitrate(bits: number): string {
  return bits < 1e6 ? `${Math.round(bits / 1e3)} kb/s` : `${(bits / 1e6).toFixed(1)} Mb/s`;
}

/** Seconds as `1:02:03.040`, to the millisecond that pictures are told apart by. */
export function moment(seconds: number): string {
  const millis = Math.round(seconds * 1000);
  return `${clock(Math.floor(millis / 1000))}.${String(millis % 1000).padStart(3, '0')}`;
}

/** Codecs and sizes of the tracks. */
export function format({ tracks }: Recording): string {
  return tracks.map(({ codec, width, height, sample_rate: rate }) => `${codec}${width ? ` ${width}×${height}` : rate ? ` ${rate / 1000} kHz` : ''}`).join(' · ');
}

/** What a template allows, in short. */
export function limits(template: Limits): [name: string, value: string][] {
  const { origins, minutes, bytes, recordings, per_minute: perMinute } = template;
  const text = words();
  const number = (value: number | undefined): string => value?.toLocaleString(languageTag()) ?? text.noLimit;
  return [
    [text.origins, origins?.length ? origins.join(', ') : text.anyPage],
    [text.minutes, number(minutes)],
    [text.stored, bytes === undefined ? text.noLimit : size(bytes)],
    [text.mostRecordings, number(recordings)],
    [text.perMinute, number(perMinute)],
    ...terms(template),
  ];
}

/** What a template's recordings have, where it says anything of that. */
function terms({ review, access, encryption, retention, target_duration: longest, play_origins: playOrigins }: Limits): [name: string, value: string][] {
  const text = words();
  const all: [name: string, value: string | number | undefined | false][] = [
    [text.review, review && text[review]],
    [text.decide, access && (access === 'public' ? text.anyone : text.linkOnly)],
    [text.segments, encryption && (encryption === 'none' ? text.unencrypted : text.encrypted)],
    [text.days, retention?.days],
    [text.window, retention?.window],
    [text.longest, longest],
    [text.playOrigins, playOrigins && (playOrigins.join(', ') || text.anyPage)],
  ];
  return all.flatMap(([name, value]) => (value ? [[name, value.toLocaleString(languageTag())]] : []));
}
