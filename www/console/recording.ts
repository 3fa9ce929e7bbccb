/** One recording: player, clips, decisions. */
import { clock, size } from '../sdk/src/element_format.js';
import { playAddress, type Recording } from './api.js';
import { ClipList } from './clip_list.js';
import { DecisionPanel } from './decisions.js';
import { bitrate, date, format, titleOf } from './figures.js';
import { h, present } from './nodes.js';
import { ClipPlayer } from './player.js';
import { badges } from './recordings.js';
import { Refresher } from './refresher.js';
import { words } from './text.js';
import { View, heading } from './view.js';

/** Seconds that a reviewer's own token is good for. */
const ownToken = 12 * 3600;

/** The page of a recording. */
export class RecordingView extends View {
  readonly #id: string;
  readonly #badges = h('div');
  readonly #facts = h('dl', { class: 'facts wide' });
  readonly #links = h('div', { class: 'row' });
  #player: ClipPlayer | undefined;
  #clips: ClipList | undefined;
  #refresher: Refresher | undefined;
  #shown: Recording | undefined;

  constructor(id: string) {
    super();
    this.#id = id;
  }

  protected override show(): void {
    this.append(h('p', {}, h('a', { href: '#recordings' }, `‹ ${words().back}`)), heading(words().loading));
    void this.#load();
  }

  disconnectedCallback(): void {
    this.#refresher?.stop();
  }

  async #load(): Promise<void> {
    const recording = await this.attempt(() => this.session.api.recording(this.#id));
    if (!recording || !this.isConnected) return;
    const title = this.querySelector('h1');
    if (title) title.textContent = titleOf(recording);
    document.title = `livetape · ${titleOf(recording)}`;
    const clips = new ClipList(recording).within(this.session);
    const player = new ClipPlayer(recording, (clip) => clips.add(clip)).within(this.session);
    const decisions = new DecisionPanel(recording, (changed) => void this.#open(changed)).within(this.session);
    [this.#player, this.#clips] = [player, clips];
    this.append(this.#badges, player, this.#facts, this.#links, clips, decisions);
    await this.#open(recording);
    if (recording.state === 'recording' && this.isConnected) this.#refresher = new Refresher(() => this.#look());
  }

  /** Follows what grows; the player does so by itself, once there is anything. */
  async #look(): Promise<boolean> {
    const recording = await this.attempt(() => this.session.api.recording(this.#id));
    const before = this.#shown;
    if (!recording || !before) return false;
    if (before.objects === 0 && recording.objects > 0) await this.#open(recording);
    else this.#write(recording);
    if (recording.state === 'finished') this.#refresher?.stop();
    return recording.bytes !== before.bytes;
  }

  #write(recording: Recording): void {
    const text = words();
    this.#shown = recording;
    this.#badges.replaceChildren(badges(recording));
    const facts: [string, string][] = [
      [text.duration, clock(recording.duration)],
      [text.stored, size(recording.bytes)],
      [text.bitrate, recording.duration > 0 ? bitrate((8 * recording.bytes) / recording.duration) : '–'],
      [text.format, format(recording) || '–'],
      [text.created, date(recording.created)],
    ];
    this.#facts.replaceChildren(...facts.map(([name, value]) => h('div', {}, h('dt', {}, name), h('dd', {}, value))));
  }

  /** Plays it as has been decided. */
  async #open(recording: Recording): Promise<void> {
    const text = words();
    this.#write(recording);
    const play = await this.#playName(recording);
    this.#player?.play(play, recording);
    this.#clips?.play(play);
    this.#links.hidden = !play || recording.objects === 0;
    if (!play) return;
    const saved = (file: string): string => `${playAddress(play, file)}?download=${encodeURIComponent(titleOf(recording))}`;
    this.#links.replaceChildren(...present([
      h('a', { class: 'button', href: saved('video.mp4'), download: true }, text.download),
      recording.tracks.some(({ kind }) => kind === 'audio') && h('a', { class: 'button', href: saved('audio.m4a'), download: true }, text.downloadSound),
      play === recording.id && h('a', { class: 'button', href: `/watch?id=${recording.id}` }, text.watchPage),
    ]));
  }

  /** What opens it: its id, or a reviewer's token where that does not; nothing where nothing does. */
  async #playName({ id, review, access, encryption }: Recording): Promise<string | undefined> {
    if (review === 'banned') return undefined;
    // Files of what is encrypted are clear, and want a token that says so.
    if (review === 'approved' && access === 'public' && !encryption) return id;
    return (await this.attempt(() => this.session.api.createPlayToken(id, { seconds: ownToken, reviewer: true, download: encryption !== undefined })))?.token;
  }
}

customElements.define('console-recording', RecordingView);
