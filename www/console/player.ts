/** A recording in the browser's own player, and what is cut from it: two marks, and a clip between them. */
import { playAddress, type Clip, type Recording } from './api.js';
import { moment } from './figures.js';
import { button, field, h } from './nodes.js';
import { words } from './text.js';
import { View } from './view.js';

const hlsType = 'application/vnd.apple.mpegurl';

/** The player with its marks. */
export class ClipPlayer extends View {
  #recording: Recording;
  readonly #made: (clip: Clip) => void;
  readonly #video = h('video', { controls: true, playsinline: true, preload: 'auto', 'aria-label': words().player });
  readonly #note = h('p', { class: 'soft' });
  readonly #range = h('output', { class: 'range' });
  readonly #title = h('input', { maxlength: 200 });
  readonly #tools = h('form', { class: 'tools', onsubmit: (event) => this.#create(event) });
  #start: number | undefined;
  #end: number | undefined;
  /** When the picture that is shown begins, in the player's seconds. */
  #shown: number | undefined;

  constructor(recording: Recording, made: (clip: Clip) => void) {
    super();
    this.#recording = recording;
    this.#made = made;
  }

  protected override show(): void {
    const text = words();
    const marks = h('div', { class: 'row' },
      button(text.startHere, () => this.#mark('start')), button(text.endHere, () => this.#mark('end')),
      button(text.clear, () => this.#clear()), this.#range);
    const make = h('div', { class: 'row bottom' }, field(text.clipTitle, this.#title), h('button', { class: 'button primary' }, text.createClip));
    this.#tools.append(h('h2', {}, text.clip), marks, make, h('p', { class: 'hint' }, text.clipKeys));
    this.append(h('div', { class: 'card' }, this.#video, this.#note, this.#tools));
    this.#clear();
  }

  override connectedCallback(): void {
    super.connectedCallback();
    document.addEventListener('keydown', this.#pressed);
  }

  disconnectedCallback(): void {
    document.removeEventListener('keydown', this.#pressed);
    this.#stop();
  }

  /** Plays what `name`, an id or a token, opens; where there is none it says why. */
  play(name: string | undefined, recording: Recording): void {
    const text = words();
    const hls = this.#video.canPlayType(hlsType) !== '';
    const isEmpty = recording.objects === 0;
    this.#recording = recording;
    this.#stop();
    this.#video.hidden = this.#tools.hidden = !name || isEmpty;
    const isLiveFile = !hls && recording.state === 'recording';
    this.#note.textContent = recording.review === 'banned' ? text.bannedPlayer : isEmpty ? text.emptyPlayer : name && isLiveFile ? text.liveMp4 : '';
    if (!name || isEmpty) return;
    // HLS that the browser cannot play after all is asked for as one file.
    const files = hls ? ['index.m3u8', 'video.mp4'] : ['video.mp4'];
    const next = (): void => {
      const file = files.shift();
      if (file) this.#video.src = playAddress(name, file);
      else this.#note.textContent = text.unplayable;
    };
    this.#video.onerror = next;
    next();
    this.#watch();
  }

  #stop(): void {
    this.#shown = undefined;
    this.#video.onerror = null;
    this.#video.removeAttribute('src');
    this.#video.load();
  }

  /** Follows which picture is shown: `currentTime` may lie anywhere within it. */
  #watch(): void {
    this.#video.requestVideoFrameCallback((_now, { mediaTime }) => {
      this.#shown = mediaTime;
      if (this.#video.hasAttribute('src')) this.#watch();
    });
  }

  readonly #pressed = (event: KeyboardEvent): void => {
    const isTyping = event.target instanceof Element && event.target.closest('input, textarea, select, dialog');
    if (isTyping || event.ctrlKey || event.metaKey || event.altKey || this.#tools.hidden) return;
    const key = event.key.toLowerCase();
    if (key === 'i') this.#mark('start');
    else if (key === 'o') this.#mark('end');
  };

  #mark(which: 'start' | 'end'): void {
    // Rounded down, lest rounding leave out the very picture that is meant.
    const at = Math.floor((this.#shown ?? this.#video.currentTime) * 1000 + 0.001) / 1000 + (this.#recording.from ?? 0);
    if (which === 'start') this.#start = at;
    else this.#end = at;
    this.#write();
  }

  #clear(): void {
    this.#start = this.#end = undefined;
    this.#write();
  }

  #write(): void {
    const text = words();
    const start = this.#start === undefined ? text.beginning : moment(this.#start);
    const end = this.#end === undefined ? text.end : moment(this.#end);
    this.#range.textContent = `${text.from} ${start} · ${text.to} ${end}`;
  }

  async #create(event: Event): Promise<void> {
    event.preventDefault();
    const [start, end, title] = [this.#start, this.#end, this.#title.value.trim()];
    if (end !== undefined && end <= (start ?? 0)) {
      this.session.say(words().clipEmpty);
      return;
    }
    const body = { ...(start === undefined ? {} : { start }), ...(end === undefined ? {} : { end }), ...(title ? { title } : {}) };
    const clip = await this.attempt(() => this.session.api.createClip(this.#recording.id, body));
    if (!clip) return;
    this.#title.value = '';
    this.#made(clip);
    this.session.say(words().clipCreated);
  }
}

customElements.define('console-player', ClipPlayer);
