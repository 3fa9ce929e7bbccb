import { launchChromium } from '../browser/chromium.ts';
import { serve } from '../browser/site.ts';
import { pageFrameReader } from '../media/page_frames.ts';
import { apiKey, call, recordSample } from './edge.ts';
const browser = await launchChromium();
const site = await serve({ '/': { type: 'text/html', body: '<!doctype html><video muted playsinline></video><script src="/hls.js"></script>' } , '/hls.js': { file: 'tests/node_modules/hls.js/dist/hls.js' }});
const recording = await recordSample();
const clip = await call('POST', `${recording.ingest_url}/clips`, { token: apiKey, body: JSON.stringify({ start: 5.48, end: 10.52 }) });
for (const kind of ['hls', 'native']) {
const tab = await browser.newPage();
tab.on('console', (m) => console.log(m.text()));
await tab.addInitScript(pageFrameReader());
await tab.goto(site.origin);
await tab.evaluate(([url, kind]) => { const v = document.querySelector('video') as any; if (kind === 'native') v.src = url; else { const h = new (window as any).Hls(); h.loadSource(url); h.attachMedia(v); } }, [clip.body.playback.hls, kind]);
await new Promise((r) => setTimeout(r, 3000));
console.log(kind, JSON.stringify(await tab.evaluate(() => { const v = document.querySelector('video') as any; return [v.readyState, v.currentTime, v.duration, v.buffered.length && v.buffered.start(0), v.buffered.length && v.buffered.end(0), (window as any).frameReader.read(v)]; })));
for (const t of [0.001, 0.003, 0.01, 0.02, 0.03, 0.04, 0.044, 0.05,0.06, 0.5]) console.log(t, JSON.stringify(await Promise.race([tab.evaluate(async (t) => { const v = document.querySelector('video') as any; v.currentTime = t; await new Promise((r) => { v.onseeked = r; setTimeout(r, 900); }); await new Promise((r) => setTimeout(r, 150)); return [v.currentTime, (window as any).frameReader.read(v)]; }, t), new Promise((r) => setTimeout(() => r('hang'), 3000))])));
await tab.close();
}
await browser.close(); await site.close();
