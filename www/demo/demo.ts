/** The demo page: a live stream in hls.js, and `<live-tape>` under it as any page would use it. */
import Hls from 'hls.js';
import 'livetape/element';
import { element, showTrouble } from './page.js';
import { speak, text } from './text.js';

/** Answer of `GET /v1/demo`. */
interface Demo {
  readonly ts: string;
  readonly fmp4: string;
  readonly template: string;
}

/** Milliseconds after which a stream that broke off is asked for again. */
const retryAfter = 2000;

const wanted = new URLSearchParams(location.search).get('source') === 'fmp4' ? 'fmp4' : 'ts';
const video = element('video', HTMLVideoElement);
const tape = element('tape', HTMLElement);
let template = 'pub_…';
let trouble = (): string => '';

function snippet(): string {
  return `<script src="${location.origin}/livetape/tap.js"></script>  <!-- before your player -->

<video id="video"></video>  <!-- your video, your player -->

<script type="module" src="${location.origin}/livetape/element.js"></script>
<live-tape for="video" edge="${location.origin}" template="${template}" window="1h" clip="30"></live-tape>`;
}

function write(): void {
  element('snippet', HTMLElement).textContent = snippet();
  tape.lang = document.documentElement.lang;
  showTrouble(trouble());
}

/** Shows trouble; none when it is empty. */
function fail(words: () => string): void {
  trouble = words;
  write();
}

function play(demo: Demo): void {
  const url = demo[wanted];
  if (!Hls.isSupported()) return fail(() => text('noHls'));
  const hls = new Hls();
  // A page that tests drive may look at its player.
  Object.assign(window, { hls });
  hls.on(Hls.Events.ERROR, (_event, { fatal, details }) => {
    if (!fatal) return;
    fail(() => `${text('streamFailed')}: ${details}`);
    // The edge may have been restarted, or the broadcast may be about to begin.
    setTimeout(() => hls.loadSource(url), retryAfter);
  });
  hls.on(Hls.Events.MANIFEST_PARSED, () => {
    fail(() => '');
    void video.play().catch(() => undefined);
  });
  hls.loadSource(url);
  hls.attachMedia(video);
}

async function start(): Promise<void> {
  const response = await fetch('/v1/demo').catch(() => undefined);
  if (!response) return fail(() => text('noEdge'));
  if (!response.ok) return fail(() => text('noDemo'));
  const demo = (await response.json()) as Demo;
  template = demo.template;
  tape.setAttribute('edge', location.origin);
  tape.setAttribute('template', template);
  write();
  play(demo);
}

element(wanted, HTMLElement).setAttribute('aria-current', 'page');
element('copy', HTMLElement).addEventListener('click', ({ currentTarget }) => {
  void navigator.clipboard.writeText(snippet()).then(() => {
    if (currentTarget instanceof HTMLElement) currentTarget.textContent = text('copied');
  });
});
speak(write);
void start();
