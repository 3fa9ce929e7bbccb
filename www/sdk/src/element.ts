import { ClipSender } from './clip_sender.js';
import { clipName, downloadUrl } from './download.js';
import { clock, seconds, size } from './element_format.js';
import { style } from './element_style.js';
import { errorText, textFor } from './element_text.js';
import { LiveTape, LiveTapeError, type Clip, type Marker, type Moment, type Recording, type RecordingResult } from './index.js';
import { RecordingControls, recordingControls } from './recording_controls.js';
import { RewindBar, rewindBar } from './rewind_bar.js';

/** Not a <style>: that would ask for `unsafe-inline` in the page's policy. */
const sheet = new CSSStyleSheet();
sheet.replaceSync(style);

const shadow = `${rewindBar}
<div class="row">
  <button part="button record" id="record" type="button" disabled><span class="dot"></span><span id="record-label"></span></button>
  ${recordingControls}
  <button part="button clip" id="clip" type="button" disabled></button>
  <button part="button screenshot" id="screenshot" type="button" disabled></button>
  <span part="meter" class="meter" id="meter" role="timer" aria-live="off"></span>
  <span part="forecast" class="meter" id="forecast"></span>
  <progress part="progress" id="progress" hidden></progress>
  <button part="button cancel" class="small" id="cancel" type="button" hidden></button>
</div>
<div class="below">
  <div part="status" class="status" id="status" role="status" aria-live="polite"></div>
  <div part="links" class="links" id="links"></div>
  <div part="error" class="error" id="error" role="alert"></div>
</div>`;

/** Events that `<live-tape>` sends; they bubble and leave shadow trees. */
export interface LiveTapeElementEvents {
  /** A recording has started. */
  'livetape-record': CustomEvent<Recording>;
  /** A recording is finished and plays whole. */
  'livetape-stop': CustomEvent<RecordingResult>;
  /** The recording leaves out what comes, or goes on; where in it that is. */
  'livetape-pause': CustomEvent<Moment>;
  'livetape-resume': CustomEvent<Moment>;
  /** The recording was marked. */
  'livetape-mark': CustomEvent<Marker>;
  /** A clip was cut. The element closes it when it cuts the next one. */
  'livetape-clip': CustomEvent<Clip>;
  /** A screenshot was taken and saved. */
  'livetape-screenshot': CustomEvent<Blob>;
  'livetape-error': CustomEvent<LiveTapeError>;
}

type State = 'closed' | 'idle' | 'starting' | 'recording' | 'stopping';

/**
 * `<live-tape for="video-id" edge="https://…" template="pub_…">`: record, clip and screenshot buttons for a video, and a bar to
 * rewind it by, which shows the past in a video of the element's own.
 *
 * @attr for - Id of the video element to tap. `livetape/tap` must be loaded before its player.
 * @attr pull - URL of a live HLS playlist to fetch instead of tapping a video.
 * @attr edge - Address of the edge that recordings are sent to.
 * @attr template - Public template id that lets the edge create recordings; or
 * @attr token - ingest token of a recording that your server has created.
 * @attr window - How much of the past to keep: seconds, or `90s`, `30m`, `2h`. One hour unless told.
 * @attr clip - Seconds that the clip button cuts. 30 unless told.
 * @attr worker - URL of `livetape/worker`, where it is not beside this script.
 * @attr lang - `en…` or `zh…`; that of the page unless told.
 * @attr state - (read-only) closed, idle, starting, recording, stopping.
 * @attr paused - (read-only) there while the recording is paused.
 * @fires livetape-record livetape-pause livetape-resume livetape-mark livetape-stop livetape-clip livetape-screenshot livetape-error
 * @csspart button record pause mark clip screenshot cancel meter forecast progress status links watch mp4 save upload error
 * @csspart past bar seek position play live in out clear
 * @cssproperty --livetape-accent --livetape-button --livetape-error
 */
export class LiveTapeElement extends HTMLElement {
  /** Attributes that take effect when they change. */
  static readonly observedAttributes = ['for', 'pull', 'window', 'clip', 'worker', 'lang'];

  readonly #root = this.attachShadow({ mode: 'open' });
  readonly #record: HTMLButtonElement;
  readonly #clip: HTMLButtonElement;
  readonly #bar: RewindBar;
  readonly #sender: ClipSender;
  readonly #controls: RecordingControls;
  #state: State = 'closed';
  #tape: LiveTape | undefined;
  #recording: Recording | undefined;
  #lastClip: Clip | undefined;
  #cutting = false;
  /** Ends what the current connection waits for. */
  #connection = new AbortController();
  #reopening = false;

  constructor() {
    super();
    this.#root.adoptedStyleSheets = [sheet];
    this.#root.innerHTML = shadow;
    this.#record = this.#part('record');
    this.#clip = this.#part('clip');
    this.#record.addEventListener('click', () => void (this.#state === 'recording' ? this.stop() : this.record()));
    this.#clip.addEventListener('click', () => void this.cut());
    this.#part('screenshot').addEventListener('click', () => void this.screenshot());
    this.#part('cancel').addEventListener('click', () => this.cancel());
    const element = this;
    this.#bar = new RewindBar(this.#root, {
      get tape() {
        return element.#tape;
      },
      get video() {
        return element.#video;
      },
      get text() {
        return element.#text;
      },
      failed: (cause) => this.#fail(cause),
      selected: () => this.#render(),
    });
    this.#sender = new ClipSender({
      root: this.#root,
      get text() {
        return element.#text;
      },
      say: (words) => this.#say(words),
      failed: (cause) => this.#fail(cause),
      changed: () => this.#render(),
      link: (...of) => this.#link(...of),
    });
    this.#controls = new RecordingControls({
      root: this.#root,
      get text() {
        return element.#text;
      },
      get recording() {
        return element.#state === 'recording' ? element.#recording : undefined;
      },
      paused: (moment) => this.#tell(this.#text.paused, 'livetape-pause', moment),
      resumed: (moment) => this.#tell(this.#text.recording, 'livetape-resume', moment),
      marked: (marker, number) => this.#tell(this.#text.marked(number, clock(marker.at)), 'livetape-mark', marker),
      failed: (cause) => this.#fail(cause),
    });
  }

  /** The tape, once it is open. */
  get tape(): LiveTape | undefined {
    return this.#tape;
  }

  /** The recording that is running. */
  get recording(): Recording | undefined {
    return this.#recording;
  }

  connectedCallback(): void {
    this.#reopen();
  }

  disconnectedCallback(): void {
    this.#reopen();
  }

  attributeChangedCallback(name: string): void {
    if (name === 'lang' || name === 'clip') this.#render();
    else if (this.isConnected) this.#reopen();
  }

  /** As the Record button. Errors are shown and sent as `livetape-error`. */
  async record(): Promise<void> {
    if (this.#state !== 'idle' || !this.#tape) return;
    const edge = this.getAttribute('edge');
    const template = this.getAttribute('template');
    const token = this.getAttribute('token');
    this.#say('');
    this.#part('links').replaceChildren();
    if (!edge || !(token || template)) return this.#fail(new LiveTapeError('bad_option', this.#text.missingEdge));
    this.#become('starting');
    try {
      const recording = await this.#tape.record({ edge, ...(token ? { token } : { template: template ?? '' }) });
      this.#recording = recording;
      recording.addEventListener('progress', () => this.#renderMeter());
      this.#become('recording');
      this.#say(this.#text.recording);
      this.#send('livetape-record', recording);
    } catch (error) {
      this.#become('idle');
      this.#fail(error);
    }
  }

  /** As the Stop button. */
  async stop(): Promise<void> {
    const recording = this.#recording;
    if (this.#state !== 'recording' || !recording) return;
    this.#become('stopping');
    try {
      const result = await recording.stop();
      this.#endRecording();
      this.#say(`${this.#text.recorded}: ${clock(result.duration)}, ${size(result.bytes)}`);
      this.#link(result.playback.page, this.#text.watch, { part: 'watch' });
      this.#link(result.playback.mp4, this.#text.mp4, { part: 'mp4' });
      this.#send('livetape-stop', result);
    } catch (error) {
      this.#endRecording();
      this.#fail(error);
    }
  }

  /** As the pause button: what comes from now on is left out of the recording. */
  async pause(): Promise<void> {
    await this.#controls.pause();
  }

  /** As the resume button. */
  async resume(): Promise<void> {
    await this.#controls.resume();
  }

  /** As the mark button: marks what the viewer sees now; the result has chapters from marker to marker. */
  async mark(label?: string): Promise<void> {
    await this.#controls.mark(label);
  }

  /** Shows a moment of the past, in seconds on the tape's timeline; with none, what is live. */
  async show(time?: number): Promise<void> {
    await (time === undefined ? this.#bar.live() : this.#bar.show(time));
  }

  /** As the screenshot button: the picture that is shown, of the past or live. */
  async screenshot(): Promise<void> {
    if (!this.#tape) return;
    try {
      const image = await this.#tape.screenshot(this.#bar.position);
      const url = URL.createObjectURL(image);
      downloadUrl(url, clipName('jpg'));
      setTimeout(() => URL.revokeObjectURL(url), 60_000);
      this.#say(this.#text.pictureSaved);
      this.#send('livetape-screenshot', image);
    } catch (error) {
      this.#fail(error);
    }
  }

  /** As the cancel button: gives up what is being sent. */
  cancel(): void {
    if (this.#sender.isSending) this.#sender.cancel();
    else if (this.#state === 'stopping') this.#recording?.cancel();
  }

  /** As the clip button: cuts and saves what is selected, else the latest seconds. */
  async cut(): Promise<void> {
    if (!this.#tape || this.#cutting) return;
    this.#cutting = true;
    this.#render();
    this.#part('error').textContent = '';
    try {
      const clip = await this.#tape.clip(this.#bar.selection ?? { last: this.#clipSeconds });
      this.#lastClip?.close();
      this.#lastClip = clip;
      clip.download();
      this.#say(this.#text.saved(clock(clip.duration), size(clip.blob.size)));
      this.#part('links').querySelectorAll('[part~=save], [part~=upload]').forEach((link) => link.remove());
      this.#link(clip.url, this.#text.saveAgain, { part: 'save', download: 'clip.mp4' });
      const [edge, template] = [this.getAttribute('edge'), this.getAttribute('template')];
      // An ingest token is for one recording: the clip would be a second.
      if (edge && template) this.#part('links').append(this.#sender.button(clip, edge, template));
      this.#send('livetape-clip', clip);
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#cutting = false;
      this.#render();
    }
  }

  get #video(): HTMLVideoElement | undefined {
    const found = (this.getRootNode() as Document | ShadowRoot).getElementById(this.getAttribute('for') ?? '');
    return found instanceof HTMLVideoElement && !this.hasAttribute('pull') ? found : undefined;
  }

  get #text(): ReturnType<typeof textFor> {
    return textFor(this.#language);
  }

  get #language(): string {
    return this.closest('[lang]')?.getAttribute('lang') || navigator.language;
  }

  get #clipSeconds(): number {
    const seconds = Number(this.getAttribute('clip'));
    return seconds > 0 ? seconds : 30;
  }

  /** Closes and opens once, however many attributes change in one go; also when the element only moves in the page. */
  #reopen(): void {
    if (this.#reopening) return;
    this.#reopening = true;
    queueMicrotask(() => {
      this.#reopening = false;
      this.#close();
      if (this.isConnected) void this.#open(this.#connection.signal);
    });
  }

  #close(): void {
    this.#connection.abort();
    this.#sender.cancel();
    this.#bar.live();
    this.#connection = new AbortController();
    this.#lastClip?.close();
    this.#lastClip = undefined;
    this.#recording = undefined;
    this.#tape?.close();
    this.#tape = undefined;
    this.#become('closed');
  }

  async #open(signal: AbortSignal): Promise<void> {
    const worker = this.getAttribute('worker');
    const options = { window: seconds(this.getAttribute('window')) ?? 3600, ...(worker ? { workerUrl: worker } : {}) };
    const pull = this.getAttribute('pull');
    const video = this.#video;
    try {
      if (!pull && !video) throw new LiveTapeError('bad_option', this.#text.missingVideo);
      const tape = await (pull || !video ? LiveTape.pull(pull ?? '', options) : LiveTape.tap(video, options));
      if (signal.aborted) return tape.close();
      this.#tape = tape;
      tape.addEventListener('error', ({ detail }) => {
        if (this.#state === 'recording' && !tape.recording) this.#endRecording();
        this.#fail(detail);
      });
      tape.addEventListener('window', () => {
        this.#bar.render();
        this.#renderMeter();
      });
      for (const near of ['pointerenter', 'focusin']) this.addEventListener(near, () => tape.prepare(), { once: true, signal });
      this.#part('error').textContent = '';
      this.#become('idle');
    } catch (error) {
      if (signal.aborted) return;
      this.#fail(error);
      // The player may yet give it a source that can be tapped.
      video?.addEventListener('loadstart', () => void this.#open(signal), { once: true, signal });
    }
  }

  #endRecording(): void {
    this.#recording = undefined;
    this.#say('');
    this.#become('idle');
  }

  #become(state: State): void {
    this.#state = state;
    this.setAttribute('state', state);
    this.#render();
  }

  #render(): void {
    const text = this.#text;
    const labels = { closed: text.record, idle: text.record, starting: text.starting, recording: text.stop, stopping: text.stopping };
    this.#part('record-label').textContent = labels[this.#state];
    // While it works a button only says that it does nothing now: a disabled one would lose the keyboard's focus.
    this.#record.ariaDisabled = String(this.#state === 'starting' || this.#state === 'stopping');
    this.#record.disabled = this.#state === 'closed';
    this.#controls.render(this.#record);
    const selection = this.#bar.selection;
    const label = selection ? text.clipSelected(clock(selection.end - selection.start)) : text.clip(this.#clipSeconds);
    this.#clip.textContent = this.#cutting ? text.clipping : label;
    this.#clip.ariaDisabled = String(this.#cutting);
    this.#clip.disabled = this.#state === 'closed';
    const screenshot = this.#part<HTMLButtonElement>('screenshot');
    screenshot.textContent = text.screenshot;
    screenshot.disabled = this.#state === 'closed';
    const cancel = this.#part('cancel');
    const isSending = this.#sender.isSending || this.#state === 'stopping';
    if (!isSending && this.#root.activeElement === cancel) this.#record.focus();
    cancel.textContent = text.cancel;
    cancel.hidden = !isSending;
    const bar = this.#part<HTMLProgressElement>('progress');
    bar.hidden = !isSending;
    bar.ariaLabel = this.#sender.isSending ? text.uploading : text.stopping;
    this.#bar.render();
    this.#renderMeter();
  }

  #renderMeter(): void {
    const meter = this.#part('meter');
    const bar = this.#part<HTMLProgressElement>('progress');
    const forecast = this.#tape?.forecast;
    this.#part('forecast').textContent = forecast === undefined ? '' : this.#text.left(forecast);
    if (this.#recording) {
      const { elapsed, bytes, uploaded } = this.#recording.progress;
      if (!this.#sender.isSending) [bar.max, bar.value] = [Math.max(1, bytes), uploaded];
      meter.textContent = `${clock(elapsed)} · ${size(bytes)} · ${this.#text.sent(size(uploaded))}`;
    } else {
      const { start, end, bytes } = this.#tape?.window ?? { start: 0, end: 0, bytes: 0 };
      meter.textContent = end > start ? this.#text.onTape(clock(end - start), size(bytes)) : '';
    }
  }

  #say(words: string): void {
    this.#part('status').textContent = words;
    this.#part('error').textContent = '';
  }

  /** In words, and as an event. */
  #tell<Name extends keyof LiveTapeElementEvents>(words: string, name: Name, detail: LiveTapeElementEvents[Name]['detail']): void {
    this.#say(words);
    this.#send(name, detail);
  }

  #fail(cause: unknown): void {
    const error = cause instanceof LiveTapeError ? cause : new LiveTapeError('worker_failed', String(cause), { cause });
    this.#part('error').textContent = errorText(error, this.#language);
    this.#send('livetape-error', error);
  }

  #link(href: string, words: string, attributes: Record<string, string>): void {
    const link = document.createElement('a');
    link.href = href;
    link.textContent = words;
    if (!attributes['download']) link.target = '_blank';
    for (const [name, value] of Object.entries(attributes)) link.setAttribute(name, value);
    this.#part('links').append(link);
  }

  #send<Name extends keyof LiveTapeElementEvents>(name: Name, detail: LiveTapeElementEvents[Name]['detail']): void {
    this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true }));
  }

  #part<Kind extends HTMLElement = HTMLElement & HTMLButtonElement>(id: string): Kind {
    const part = this.#root.getElementById(id);
    if (!part) throw new Error(`<live-tape> has no #${id}`);
    return part as Kind;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'live-tape': LiveTapeElement;
  }
  interface HTMLElementEventMap extends LiveTapeElementEvents {}
}

if (!customElements.get('live-tape')) customElements.define('live-tape', LiveTapeElement);
