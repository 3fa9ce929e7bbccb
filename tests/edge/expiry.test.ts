// A play token that expires while a player plays: what was fetched plays to its end, nothing more comes, and a new token goes on.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { apiKey, call, create, edge, putConfig, putEndless } from './edge.ts';
import { launchPlayers, look, played, type Players } from './player_pages.ts';

let players: Players;
before(async () => {
  players = await launchPlayers();
});
after(() => players.close());

test('hls.js plays what it has when its token expires, says why it stops, and goes on with another', async () => {
  const recording = await create({ access: 'token' });
  await putConfig(recording);
  for (let seq = 0; seq < 3; seq += 1) await putEndless(recording, seq);
  const tokenFor = async (seconds: number): Promise<string> => {
    const made = await call('POST', `${edge}/v1/recordings/${recording.id}/tokens`, { token: apiKey, body: JSON.stringify({ seconds }) });
    return made.body.playback.hls;
  };
  const tab = await players.browser.newPage();
  const refused: string[] = [];
  tab.on('response', async (response) => {
    if (response.status() === 403) refused.push(JSON.parse(await response.text()).error.code);
  });
  await players.start(tab, await tokenFor(6), 'hls.js');
  assert.deepEqual((await played(tab, 0.2)).fatal, []);
  // The recording grows, but the player's reloads are refused from then on; it says so once it has tried as often as it does.
  await tab.waitForFunction(() => (window as unknown as { seen: { fatal: string[] } }).seen.fatal.length > 0, undefined, { timeout: 30_000 });
  const stopped = await look(tab);
  assert.deepEqual(stopped.fatal, ['levelLoadError']);
  assert.ok(refused.length > 0 && refused.every((code) => code === 'play_token_expired'), refused.join());
  // What was fetched still plays, up to its last picture.
  await tab.waitForFunction(() => (document.querySelector('video') as HTMLVideoElement).currentTime > 5.5, undefined, { timeout: 30_000 });
  // As the page is to do: another token, and on from where it was.
  for (let seq = 3; seq < 5; seq += 1) await putEndless(recording, seq);
  const another = await tokenFor(60);
  await tab.evaluate((url) => {
    const video = document.querySelector('video') as HTMLVideoElement;
    const scope = window as unknown as { Hls: any; seen: { fatal: string[] } };
    const hls = new scope.Hls({ startPosition: video.currentTime });
    scope.seen.fatal = [];
    hls.loadSource(url);
    hls.attachMedia(video);
    void video.play();
  }, another);
  const on = await played(tab, 8);
  assert.deepEqual(on.fatal, []);
  assert.ok(on.time >= 8, `${on.time} s`);
  await tab.close();
});
