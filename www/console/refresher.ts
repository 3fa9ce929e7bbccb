/** Looks again and again while the page is visible: soon where something changes, ever more seldom where nothing does or it fails. */

const soonest = 2_000;
const latest = 30_000;
const growth = 1.5;

/** Runs `look`, which says whether anything was new, until it is stopped. */
export class Refresher {
  readonly #look: () => Promise<boolean>;
  #wait = soonest;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #running = false;
  #stopped = false;

  constructor(look: () => Promise<boolean>) {
    this.#look = look;
    document.addEventListener('visibilitychange', this.#seen);
    addEventListener('online', this.#seen);
    void this.#run();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    document.removeEventListener('visibilitychange', this.#seen);
    removeEventListener('online', this.#seen);
  }

  /** Somebody looks again, or the network is back: at once. */
  readonly #seen = (): void => {
    this.#wait = soonest;
    clearTimeout(this.#timer);
    void this.#run();
  };

  async #run(): Promise<void> {
    if (this.#running || this.#stopped || document.hidden) return;
    this.#running = true;
    const isNew = await this.#look().catch(() => false);
    this.#running = false;
    this.#wait = isNew ? soonest : Math.min(latest, this.#wait * growth);
    if (!this.#stopped) this.#timer = setTimeout(() => void this.#run(), this.#wait);
  }
}
