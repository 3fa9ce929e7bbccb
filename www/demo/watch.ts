/** The playback page, `/watch?id=rec_…`: a recording by HLS or as MP4, while it grows and after. */
import Hls from 'hls.js';
import { element, showTrouble } from './page.js';
import { speak, text, type TextName } from './text.js';

/** Answer of `GET /v1/recordings/{id}`, as far as it is used here. */
interface EdgeRecording {
  readonly state: 'recording' | 'finished';
  readonly duration: number;
  readonly bytes: number;
  readonly encryption?: 'aes-128';
  readonly tracks: readonly { readonly codec: string; readonly width?: number; readonly height?: number; readonly sample_rate?: number }[];
}

const id = new URLSearchParams(location.search).get('id') ?? '';
const base = `/v1/play/${encodeURIComponent(id)}`;
const hlsVideo = element('hls', HTMLVideoElement);
const mp4Video = element('mp4', HTMLVideoElement);
let recording: EdgeRecording | undefined;
let status: TextName | undefined = 'loading';
let trouble: TextName | undefined;

function write(): void {
  element('status', HTMLElement).textContent = status ? text(status) : '';
  showTrouble(trouble ? text(trouble) : '');
  element('name', HTMLElement).textContent = id;
  if (!recording) return;
  element('player', HTMLElement).hidden = false;
  element('growing', HTMLElement).hidden = recording.state === 'finished';
  // Files would be in the clear: there are none.
  for (const name of ['mp4-tab', 'download']) element(name, HTMLElement).hidden = recording.encryption !== undefined;
  element('duration', HTMLElement).textContent = `${recording.duration.toFixed(2)} ${text('seconds')}`;
  element('bytes', HTMLElement).textContent = `${(recording.bytes / 1e6).toFixed(1)} MB`;
  const tracks = recording.tracks.map((track) => {
    const shape = track.width ? `${track.width}×${track.height}` : track.sample_rate ? `${track.sample_rate / 1000} kHz` : '';
    return `${track.codec} ${shape}`.trim();
  });
  element('tracks', HTMLElement).textContent = tracks.join(' · ');
}

async function look(): Promise<void> {
  const response = id ? await fetch(`/v1/recordings/${encodeURIComponent(id)}`).catch(() => undefined) : undefined;
  status = undefined;
  trouble = !id ? 'noId' : !response ? 'noEdge' : response.ok ? undefined : 'unknownId';
  if (response?.ok) {
    recording = (await response.json()) as EdgeRecording;
    if (recording.state === 'recording') {
      status = 'stillRecordingHint';
      setTimeout(() => void look(), 2000);
    }
  }
  write();
}

function playHls(): void {
  const url = `${base}/index.m3u8`;
  if (Hls.isSupported()) {
    // From its start also while it grows: this is a recording, not a live stream.
    const hls = new Hls({ startPosition: 0 });
    Object.assign(window, { hls });
    hls.loadSource(url);
    hls.attachMedia(hlsVideo);
  } else {
    hlsVideo.src = url;
  }
}

function select(mp4: boolean): void {
  if (mp4 && recording?.encryption) return;
  const [shown, hidden] = mp4 ? [mp4Video, hlsVideo] : [hlsVideo, mp4Video];
  element('hls-tab', HTMLElement).ariaSelected = String(!mp4);
  element('mp4-tab', HTMLElement).ariaSelected = String(mp4);
  if (mp4 && !mp4Video.src) mp4Video.src = `${base}/video.mp4`;
  hidden.pause();
  hidden.hidden = true;
  shown.hidden = false;
}

async function start(): Promise<void> {
  await look();
  if (!recording) return;
  const download = element('download', HTMLAnchorElement);
  download.href = `${base}/video.mp4`;
  download.download = `${id}.mp4`;
  playHls();
}

element('hls-tab', HTMLElement).addEventListener('click', () => select(false));
element('mp4-tab', HTMLElement).addEventListener('click', () => select(true));
for (const tab of document.querySelectorAll<HTMLElement>('[role=tab]')) {
  tab.addEventListener('keydown', ({ key }) => {
    if (key !== 'ArrowLeft' && key !== 'ArrowRight') return;
    const other = element(tab.id === 'hls-tab' ? 'mp4-tab' : 'hls-tab', HTMLElement);
    other.focus();
    other.click();
  });
}
speak(write);
void start();
