// Stands in for the recorder's worker in tests of the page side: answers each message and keeps what it was sent.
const log = [];
const appended = [];

const answers = {
  open: ({ url }) => (url?.includes('refuse') ? { type: 'failed', code: 'playlist_invalid', message: 'not a playlist' } : { type: 'opened', storage: 'memory' }),
  record: ({ request, create }) =>
    create?.includes('pub_wrong')
      ? { type: 'failed', request, code: 'unauthorized', message: 'no such template' }
      : { type: 'recording', request, id: 'rec_1', playback: { page: 'http://edge/watch?id=rec_1', hls: 'http://edge/hls', mp4: 'http://edge/mp4' } },
  stop: ({ request }) => ({
    type: 'stopped', request, duration: 12.5, preRoll: 0, bytes: 3_400_000, result: { state: 'finished' },
    playback: { page: 'http://edge/watch?id=rec_1', hls: 'http://edge/hls', mp4: 'http://edge/mp4' },
  }),
  clip: ({ request, last }) => ({
    type: 'clip', request, clip: 7, blob: new Blob(['mp4'], { type: 'video/mp4' }), start: 1, duration: last ?? 2, tracks: [], headerBytes: 3, copiedBytes: 0,
  }),
};

const hex = (buffer) => Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, '0')).join('');

// Other tests of the page ask over a channel: the worker's own port belongs to the package.
const channel = new BroadcastChannel('echo worker');
channel.onmessage = async ({ data }) => {
  if (data === 'log') channel.postMessage({ log, hashes: await Promise.all(appended) });
  else if (data.post) self.postMessage(data.post);
};
// A channel takes its messages by way of the browser, the worker's port does not: what is sent before this has arrived may be lost.
channel.postMessage('ready');

self.onmessage = ({ data }) => {
  if (data.type === 'append') {
    const { bytes, length, source, timestampOffset } = data;
    appended.push(crypto.subtle.digest('SHA-256', bytes.slice(0, length)).then((digest) => `${source} ${length} ${hex(digest)}`));
    log.push({ type: 'append', source, timestampOffset, size: bytes.byteLength });
    self.postMessage({ type: 'recycle', bytes }, [bytes]);
    return;
  }
  log.push(data);
  if (data.mode === 'pull' && !data.url.includes('refuse')) self.postMessage({ type: 'tracks', tracks: [{ kind: 'video', codec: 'avc1.64001e' }] });
  const answer = answers[data.type]?.(data);
  if (answer) self.postMessage(answer);
};
