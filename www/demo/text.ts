/** What the pages say, in English and Chinese. */
import { language, languageTag, otherLanguage, switchLanguage } from './language.js';

const english = {
  tagline: 'A record button for any page that plays a live stream',
  live: 'LIVE',
  streams: 'Stream',
  howTitle: 'What happens here',
  how1: 'The video above is a live stream for ever, played by an ordinary hls.js. livetape copies what the player is given, as it is given.',
  how2: 'Record sends it to this edge while it plays. Stop, and a link plays it at once: HLS, and an MP4 with a working seek bar.',
  how3: 'Clip goes back: the last seconds come as an MP4 at once. Nothing is encoded again, every frame and every bit is as it was sent.',
  how4: 'The stream is a 16 s picture with its frame number in digits and in the white squares, so that tests can count every frame.',
  embedTitle: 'On your page',
  embed: 'Load the tap before your player, the element anywhere, and name your video:',
  copy: 'Copy',
  copied: 'Copied',
  foot: 'Open source, MIT or Apache-2.0. Streams protected by DRM are never recorded.',
  noDemo: 'No demo stream is configured on this edge.',
  noEdge: 'The edge does not answer.',
  noHls: 'This browser has no Media Source Extensions: the demo cannot play here.',
  streamFailed: 'The live stream does not play',
  watchTagline: 'A recording',
  stillRecording: 'STILL RECORDING',
  stillRecordingHint: 'This recording is still growing. You see it from its start; reload to see all there is as an MP4.',
  players: 'Player',
  download: 'Download MP4',
  noId: 'This address names no recording: it should end in ?id=rec_…',
  unknownId: 'There is no recording of this name.',
  loading: 'Loading…',
  seconds: 's',
};

const chinese: typeof english = {
  tagline: '给任何直播页面加一个录制按钮',
  live: '直播',
  streams: '直播流',
  howTitle: '这里发生了什么',
  how1: '上面是一路永不结束的直播，由普通的 hls.js 播放。livetape 把播放器收到的数据原样复制一份。',
  how2: '“录制”在播放的同时把数据送到边缘服务器。按下“停止”，链接立即可以播放：HLS，以及可拖动进度条的 MP4。',
  how3: '“剪辑”可以回到过去：最近几秒立刻成为 MP4。不重新编码，每一帧、每一位都与原来一致。',
  how4: '这路直播是 16 秒的画面，帧号同时写成数字和白色方块，测试因此能数清每一帧。',
  embedTitle: '用在你的页面',
  embed: '在播放器之前加载 tap，在任意位置加载元素，并指明你的视频：',
  copy: '复制',
  copied: '已复制',
  foot: '开源，MIT 或 Apache-2.0。受 DRM 保护的直播一律不录。',
  noDemo: '这台边缘服务器没有配置演示直播。',
  noEdge: '边缘服务器没有应答。',
  noHls: '此浏览器没有 Media Source Extensions，无法播放演示。',
  streamFailed: '直播无法播放',
  watchTagline: '一段录像',
  stillRecording: '正在录制',
  stillRecordingHint: '这段录像还在增长。现在从头播放；刷新页面可以得到目前全部内容的 MP4。',
  players: '播放器',
  download: '下载 MP4',
  noId: '地址里没有录像编号：应以 ?id=rec_… 结尾',
  unknownId: '没有这个编号的录像。',
  loading: '正在加载…',
  seconds: '秒',
};

/** A name of a text. */
export type TextName = keyof typeof english;

/** The text of this name in the page's language. */
export function text(name: TextName): string {
  return (language() === 'zh' ? chinese : english)[name];
}

/**
 * Fills every element with `data-text` (and `data-label`, for its accessible name), and makes `#language` switch. `changed`
 * runs after each switch, for what the page wrote by itself.
 */
export function speak(changed: () => void): void {
  const fill = (): void => {
    document.documentElement.lang = languageTag();
    for (const element of document.querySelectorAll<HTMLElement>('[data-text]')) element.textContent = text(element.dataset['text'] as TextName);
    for (const element of document.querySelectorAll<HTMLElement>('[data-label]')) element.ariaLabel = text(element.dataset['label'] as TextName);
    const button = document.getElementById('language');
    if (button) button.textContent = otherLanguage();
    changed();
  };
  document.getElementById('language')?.addEventListener('click', () => {
    switchLanguage();
    fill();
  });
  fill();
}
