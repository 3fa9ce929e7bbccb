import type { ElementText } from './element_text.js';
import type { Clip } from './index.js';

/** What the sender needs of the element. */
interface Host {
  readonly root: ShadowRoot;
  readonly text: ElementText;
  say(words: string): void;
  failed(cause: unknown): void;
  /** Sending has begun or ended. */
  changed(): void;
  link(href: string, words: string, attributes: Record<string, string>): void;
}

/** Sends clips of `<live-tape>` to the edge, with progress, until it is cancelled. */
export class ClipSender {
  readonly #host: Host;
  #stop: AbortController | undefined;

  constructor(host: Host) {
    this.#host = host;
  }

  get isSending(): boolean {
    return this.#stop !== undefined;
  }

  /** Gives up what is being sent. */
  cancel(): void {
    this.#stop?.abort();
  }

  /** A button that sends `clip`. */
  button(clip: Clip, edge: string, template: string): HTMLButtonElement {
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'small';
    button.setAttribute('part', 'button upload');
    button.textContent = this.#host.text.upload;
    button.addEventListener('click', () => void this.#send(clip, edge, template, button));
    return button;
  }

  async #send(clip: Clip, edge: string, template: string, button: HTMLButtonElement): Promise<void> {
    const { root, text } = this.#host;
    if (this.#stop) return;
    const { signal } = (this.#stop = new AbortController());
    this.#host.say(text.uploading);
    this.#host.changed();
    const bar = root.getElementById('progress') as HTMLProgressElement;
    bar.value = 0;
    try {
      const onProgress = ({ uploaded, bytes }: { uploaded: number; bytes: number }): void => void ([bar.max, bar.value] = [bytes, uploaded]);
      const { playback } = await clip.upload(edge, { template, signal, onProgress });
      this.#host.say(text.uploaded);
      // A button that goes must not take the keyboard's focus with it.
      if (root.activeElement === button) root.getElementById('clip')?.focus();
      button.remove();
      this.#host.link(playback.page, text.watchClip, { part: 'watch' });
    } catch (error) {
      this.#host.say('');
      this.#host.failed(error);
    } finally {
      this.#stop = undefined;
      this.#host.changed();
    }
  }
}
