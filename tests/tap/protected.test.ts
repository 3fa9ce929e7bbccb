// A page that plays an encrypted stream by Encrypted Media Extensions (ClearKey): it plays, and is refused with the reason.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { launchChromium } from '../browser/chromium.ts';
import { serve } from '../browser/site.ts';
import { encrypted } from '../live/encryption.ts';
import { media } from '../live/media.ts';

const key = { id: '00112233445566778899aabbccddeeff', key: '0123456789abcdef0123456789abcdef' };

test('a ClearKey stream plays in its page, and clip() and record() say that it is protected', { timeout: 60_000 }, async () => {
  const { high } = await media();
  const browser = await launchChromium();
  const site = await serve({
    '/': { type: 'text/html', body: '<!doctype html><script src="/livetape/tap.js"></script><video muted></video>' },
    '/encrypted.mp4': { type: 'video/mp4', body: encrypted(high.parts.video, 2, key) },
  });
  try {
    const page = await browser.newPage();
    await page.goto(site.origin);
    const base64url = (hex: string): string => Buffer.from(hex, 'hex').toString('base64url');
    const seen = await page.evaluate(async ([k, kid]) => {
      const { LiveTape } = (await import('/livetape/index.js' as string)) as typeof import('../../www/sdk/src/index.ts');
      const video = document.querySelector('video') as HTMLVideoElement;
      const type = 'video/mp4; codecs="avc1.64001e"';
      const access = await navigator.requestMediaKeySystemAccess('org.w3.clearkey', [{ initDataTypes: ['keyids'], videoCapabilities: [{ contentType: type }] }]);
      const keys = await access.createMediaKeys();
      await video.setMediaKeys(keys);
      const session = keys.createSession();
      session.addEventListener('message', () => void session.update(new TextEncoder().encode(JSON.stringify({ keys: [{ kty: 'oct', k, kid }], type: 'temporary' }))));
      await session.generateRequest('keyids', new TextEncoder().encode(JSON.stringify({ kids: [kid] })));
      const tape = await LiveTape.tap(video);
      const told = new Promise<string>((resolve) => tape.addEventListener('error', ({ detail: { code, message } }) => resolve(`${code}: ${message}`)));
      const source = new MediaSource();
      video.src = URL.createObjectURL(source);
      await new Promise((resolve) => source.addEventListener('sourceopen', resolve, { once: true }));
      const buffer = source.addSourceBuffer(type);
      buffer.appendBuffer(await (await fetch('/encrypted.mp4')).arrayBuffer());
      await new Promise((resolve) => buffer.addEventListener('updateend', resolve, { once: true }));
      // A picture is presented: it was decrypted.
      const presented = new Promise((resolve) => video.requestVideoFrameCallback(resolve));
      video.currentTime = 1;
      await presented;
      const code = (call: Promise<unknown>): Promise<string> => call.then(() => 'none', (error: { code: string }) => error.code);
      return { told: await told, clip: await code(tape.clip({ last: 3 })), record: await code(tape.record({ edge: location.origin, template: 'pub_demo' })) };
    }, [base64url(key.key), base64url(key.id)] as const);
    assert.deepEqual(seen, { told: 'protected: the stream is encrypted (DRM or SAMPLE-AES) and cannot be recorded', clip: 'protected', record: 'protected' });
  } finally {
    await browser.close();
    await site.close();
  }
});
