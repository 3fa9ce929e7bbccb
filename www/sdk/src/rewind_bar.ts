import { clock } from './element_format.js';
import type { ElementText } from './element_text.js';
import type { LiveTape, Replay } from './index.js';

/** The bar's part of `<live-tape>`'s shadow tree. */
export const rewindBar = `
<video part="past" id="past" playsinline hidden></video>
<div part="bar" class="bar" id="bar" role="group" hidden>
  <div class="track" id="track"><input part="seek" id="seek" type="range" step="any" min="0" max="1" value="1"></div>
  <div class="row spread">
    <div class="row">
      <span part="position" class="position" id="position"></span>
      <button part="button play" class="small" id="play" type="button" hidden></button>
      <button part="button live" class="small" id="live" type="button" hidden></button>
    </div>
    <div class="row">
      <button part="button in" class="small" id="in" type="button"></button>
      <button part="button out" class="small" id="out" type="button"></button>
      <button part="button clear" class="small" id="clear" type="button" hidden></button>
    </div>
  </div>
</div>`;

/** Seconds: how far keys go, how near the end of the tape is live, and how much must be on it for a bar. */
const steps = { key: 1, picture: 0.04, page: 10, live: 0.5, shortest: 2 };

/** What the bar needs of the element. */
interface Host {
  readonly tape: LiveTape | undefined;
  /** The video that is tapped; none where a stream is pulled. */
  readonly video: HTMLVideoElement | undefined;
  readonly text: ElementText;
  failed(cause: unknown): void;
  /** The selection is another. */
  selected(): void;
}

/** The bar over the window: shows any moment of it in a video of its own, and selects what is to be cut. */
export class RewindBar {
  readonly #root: ShadowRoot;
  readonly #host: Host;
  readonly #seek: HTMLInputElement;
  readonly #past: HTMLVideoElement;
  #replay: Replay | undefined;
  #in: number | undefined;
  #out: number | undefined;
  /** Where to go next, while the way to another place takes its time. */
  #wanted: number | undefined;
  #isGoing = false;
  #isDragging = false;

  constructor(root: ShadowRoot, host: Host) {
    this.#root = root;
    this.#host = host;
    this.#seek = this.#part('seek');
    this.#past = this.#part('past');
    const on = (id: string, type: string, act: (event: Event) => void): void => this.#part(id).addEventListener(type, act);
    on('seek', 'input', () => {
      this.#isDragging = true;
      void this.show(this.#seek.valueAsNumber);
    });
    on('seek', 'change', () => (this.#isDragging = false));
    on('seek', 'keydown', (event) => this.#key(event as KeyboardEvent));
    on('play', 'click', () => (this.#past.paused ? void this.#past.play() : this.#past.pause()));
    on('live', 'click', () => this.live());
    on('in', 'click', () => this.#select('in'));
    on('out', 'click', () => this.#select('out'));
    on('clear', 'click', () => this.clear());
    for (const type of ['timeupdate', 'play', 'pause']) this.#past.addEventListener(type, () => this.render());
  }

  /** Seconds on the tape's timeline of what is shown: in the past, or live. */
  get position(): number {
    if (this.#wanted !== undefined) return this.#wanted;
    if (this.#replay) return this.#past.currentTime;
    const { start, end } = this.#window;
    const seen = this.#host.video?.currentTime ?? end;
    return seen >= start && seen <= end ? seen : end;
  }

  /** Whether the past is shown. */
  get isPast(): boolean {
    return this.#replay !== undefined || this.#isGoing;
  }

  /** What is selected, as far as it is still on the tape. */
  get selection(): { start: number; end: number } | undefined {
    if (this.#in === undefined && this.#out === undefined) return undefined;
    const window = this.#window;
    const start = Math.max(this.#in ?? window.start, window.start);
    const end = Math.min(this.#out ?? window.end, window.end);
    return end > start ? { start, end } : undefined;
  }

  /** Shows a moment of the tape. Near its end, that is live. */
  async show(time: number): Promise<void> {
    const { start, end } = this.#window;
    if (time >= end - steps.live) return this.live();
    this.#wanted = Math.max(time, start);
    this.render();
    if (this.#isGoing) return;
    this.#isGoing = true;
    try {
      while (this.#wanted !== undefined) await this.#go(this.#wanted);
    } catch (error) {
      this.live();
      this.#host.failed(error);
    } finally {
      this.#isGoing = false;
      this.render();
    }
  }

  /** Back to live: the past is shown no more. */
  live(): void {
    this.#wanted = undefined;
    const replay = this.#replay;
    this.#replay = undefined;
    replay?.close();
    if (replay && this.#host.video) this.#host.video.muted = this.#past.muted;
    // Hidden buttons lose the keyboard's focus: it goes to the bar.
    const { activeElement } = this.#root;
    this.render();
    if (activeElement && (activeElement as HTMLElement).hidden) this.#seek.focus();
  }

  /** Selects nothing. */
  clear(): void {
    const hadFocus = this.#root.activeElement === this.#part('clear');
    this.#in = this.#out = undefined;
    this.#host.selected();
    this.render();
    if (hadFocus) this.#part('in').focus();
  }

  /** Shows what is so now. */
  render(): void {
    const { text } = this.#host;
    const { start, end } = this.#window;
    const isPast = this.isPast;
    this.#part('bar').hidden = end - start < steps.shortest;
    this.#part('bar').ariaLabel = text.rewindBar;
    this.#past.hidden = !this.#replay;
    this.#past.ariaLabel = text.past;
    const position = Math.min(Math.max(this.position, start), end);
    this.#seek.min = String(start);
    this.#seek.max = String(end);
    if (!this.#isDragging) this.#seek.value = String(isPast ? position : end);
    const words = isPast ? text.ago(clock(end - position)) : text.live;
    this.#seek.ariaLabel = text.rewind;
    this.#seek.ariaValueText = words;
    this.#part('position').textContent = words;
    const label = (id: string, words: string, shown: boolean): void => {
      const button = this.#part(id);
      button.textContent = words;
      button.hidden = !shown;
    };
    label('play', this.#past.paused ? text.play : text.pause, isPast);
    label('live', text.backToLive, isPast);
    label('in', text.selectIn, true);
    label('out', text.selectOut, true);
    label('clear', text.clear, this.#in !== undefined || this.#out !== undefined);
    const selection = this.selection;
    const share = (time: number): string => `${end > start ? (100 * (time - start)) / (end - start) : 0}%`;
    const track = this.#part('track');
    track.style.setProperty('--in', share(selection?.start ?? start));
    track.style.setProperty('--out', share(selection?.end ?? start));
  }

  async #go(time: number): Promise<void> {
    const { tape, video } = this.#host;
    if (!tape) return void (this.#wanted = undefined);
    if (this.#replay) {
      await this.#replay.seek(time);
    } else {
      const replay = await tape.replay(this.#past, time);
      if (this.#wanted === undefined) return replay.close();
      this.#replay = replay;
      replay.addEventListener('error', ({ detail }) => {
        this.live();
        this.#host.failed(detail);
      });
      if (video) {
        // Live goes on, unheard: a player that is paused would fetch nothing to be taped.
        [this.#past.muted, this.#past.volume, video.muted] = [video.muted, video.volume, true];
      }
      if (!video || !video.paused) void this.#past.play().catch(() => undefined);
    }
    if (this.#wanted === time) this.#wanted = undefined;
  }

  #select(side: 'in' | 'out'): void {
    const { position } = this;
    if (side === 'in') {
      this.#in = position;
      if ((this.#out ?? Infinity) <= position) this.#out = undefined;
    } else {
      this.#out = position;
      if ((this.#in ?? -Infinity) >= position) this.#in = undefined;
    }
    this.#host.selected();
    this.render();
  }

  #key(event: KeyboardEvent): void {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const step = event.shiftKey ? steps.picture : steps.key;
    const moves: Record<string, number> = { ArrowLeft: -step, ArrowDown: -step, ArrowRight: step, ArrowUp: step, PageDown: -steps.page, PageUp: steps.page };
    const move = moves[event.key];
    if (move !== undefined) void this.show((this.isPast ? this.position : this.#window.end - steps.live) + move);
    else if (event.key === 'i' || event.key === 'o') this.#select(event.key === 'i' ? 'in' : 'out');
    else return;
    event.preventDefault();
  }

  get #window(): { readonly start: number; readonly end: number } {
    return this.#host.tape?.window ?? { start: 0, end: 0 };
  }

  #part<Kind extends HTMLElement = HTMLElement>(id: string): Kind {
    return this.#root.getElementById(id) as Kind;
  }
}
