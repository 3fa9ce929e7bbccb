/** One recording: player, clips, decisions. */
import { clock, size } from '../sdk/src/element_format.js';
import { playAddress, type Recording } from './api.js';
import { ClipList } from './clip_list.js';
import { DecisionPanel } from './decisions.js';
import { h } from './nodes.js';
import { ClipPlayer } from './player.js';
import { badges } from './recordings.js';
import { date, format, titleOf, words } from './text.js';
import { View, heading } from './view.js';

/** Seconds that a reviewer's own token is good for. */
const ownToken = 12 * 3600;

/** The page of a recording. */
export class RecordingView extends View {
  readonly #id: string;
  readonly #badges = h('div');
  readonly #facts = h('dl', { class: 'facts wide' });
  readonly #links = h('div', { class: 'row' });

  constructor(id: string) {
    super();
    this.#id = id;
  }

  protected override show(): void {
    this.append(h('p', {}, h('a', { href: '#recordings' }, `‹ ${words().back}`)), heading(words().loading));
    void this.#load();
  }

  async #load(): Promise<void> {
    const recording = await this.attempt(() => this.session.api.recording(this.#id));
    if (!recording) return;
    const title = this.querySelector('h1');
    if (title) title.textContent = titleOf(recording);
    document.title = `livetape · ${titleOf(recording)}`;
    const clips = new ClipList(recording).within(this.session);
    const player = new ClipPlayer(recording, (clip) => clips.add(clip)).within(this.session);
    const decisions = new DecisionPanel(recording, (changed) => void this.#write(changed, player)).within(this.session);
    this.append(this.#badges, player, this.#facts, this.#links, clips, decisions);
    await this.#write(recording, player);
  }

  /** What changes with a decision. */
  async #write(recording: Recording, player: ClipPlayer): Promise<void> {
    const text = words();
    this.#badges.replaceChildren(badges(recording));
    const facts: [string, string][] = [
      [text.duration, clock(recording.duration)],
      [text.stored, size(recording.bytes)],
      [text.bitrate, recording.duration > 0 ? `${((8 * recording.bytes) / recording.duration / 1e6).toFixed(2)} Mb/s` : '–'],
      [text.format, format(recording) || '–'],
      [text.created, date(recording.created)],
    ];
    this.#facts.replaceChildren(...facts.map(([name, value]) => h('div', {}, h('dt', {}, name), h('dd', {}, value))));
    const play = await this.#playName(recording);
    player.play(play, recording.review === 'banned');
    this.#links.hidden = !play || recording.objects === 0;
    if (!play) return;
    const saved = (file: string): string => `${playAddress(play, file)}?download=${encodeURIComponent(titleOf(recording))}`;
    this.#links.replaceChildren(
      h('a', { class: 'button', href: saved('video.mp4'), download: true }, text.download),
      recording.tracks.some(({ kind }) => kind === 'audio') && h('a', { class: 'button', href: saved('audio.m4a'), download: true }, text.downloadSound) || '',
      play === recording.id ? h('a', { class: 'button', href: `/watch?id=${recording.id}` }, text.watchPage) : '');
  }

  /** What opens it: its id, or a reviewer's token where that does not; nothing where nothing does. */
  async #playName({ id, review, access }: Recording): Promise<string | undefined> {
    if (review === 'banned') return undefined;
    if (review === 'approved' && access === 'public') return id;
    return (await this.attempt(() => this.session.api.createPlayToken(id, { seconds: ownToken, reviewer: true })))?.token;
  }
}

customElements.define('console-recording', RecordingView);
