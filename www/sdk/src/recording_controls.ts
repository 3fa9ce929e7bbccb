import type { ElementText } from './element_text.js';
import type { Recording } from './index.js';
import type { Marker, Moment } from './recording.js';

/** The part of `<live-tape>`'s shadow tree that is there while it records. */
export const recordingControls = `
<button part="button pause" class="small" id="pause" type="button" hidden></button>
<button part="button mark" class="small" id="mark" type="button" hidden></button>`;

/** What the controls need of the element. */
interface Host {
  readonly root: ShadowRoot;
  readonly text: ElementText;
  /** The recording that runs and has not been stopped. */
  readonly recording: Recording | undefined;
  paused(moment: Moment): void;
  resumed(moment: Moment): void;
  /** It is marked, for the `number`th time. */
  marked(marker: Marker, number: number): void;
  failed(cause: unknown): void;
}

/** Pauses, resumes and marks the recording of `<live-tape>`. */
export class RecordingControls {
  readonly #host: Host;
  readonly #pause: HTMLButtonElement;
  readonly #mark: HTMLButtonElement;

  constructor(host: Host) {
    this.#host = host;
    this.#pause = host.root.getElementById('pause') as HTMLButtonElement;
    this.#mark = host.root.getElementById('mark') as HTMLButtonElement;
    this.#pause.addEventListener('click', () => void (this.#isPaused ? this.resume() : this.pause()));
    this.#mark.addEventListener('click', () => void this.mark());
  }

  /** As the pause button. */
  async pause(): Promise<void> {
    const { recording } = this.#host;
    if (recording?.state === 'recording') await this.#do(() => recording.pause(), (moment) => this.#host.paused(moment));
  }

  /** As the resume button. */
  async resume(): Promise<void> {
    const { recording } = this.#host;
    if (recording?.state === 'paused') await this.#do(() => recording.resume(), (moment) => this.#host.resumed(moment));
  }

  /** As the mark button. */
  async mark(label?: string): Promise<void> {
    const { recording } = this.#host;
    if (recording) await this.#do(() => recording.mark(label), (marker) => this.#host.marked(marker, recording.markers.length));
  }

  /** Shows what is so now. Buttons that go must not take the keyboard's focus with them: it goes to `next`. */
  render(next: HTMLElement): void {
    const { recording, root, text } = this.#host;
    const buttons = [this.#pause, this.#mark];
    if (!recording && buttons.some((button) => button === root.activeElement)) next.focus();
    for (const button of buttons) button.hidden = !recording;
    this.#pause.textContent = this.#isPaused ? text.resumeRecording : text.pauseRecording;
    this.#mark.textContent = text.mark;
    root.host.toggleAttribute('paused', this.#isPaused);
  }

  get #isPaused(): boolean {
    return this.#host.recording?.state === 'paused';
  }

  /** Asks the recording for something, shows that it does it, and tells when it has. */
  async #do<Result>(ask: () => Promise<Result>, told: (result: Result) => void): Promise<void> {
    try {
      const asked = ask();
      this.render(this.#pause);
      told(await asked);
    } catch (error) {
      this.#host.failed(error);
    }
  }
}
