import { hoursAndMinutes } from './element_format.js';
import { LiveTapeError, type ErrorCode } from './errors.js';

/** What `<live-tape>` says. */
export interface ElementText {
  readonly record: string;
  readonly starting: string;
  readonly stop: string;
  readonly stopping: string;
  /** Label of the clip button; `seconds` of the past. */
  clip(seconds: number): string;
  /** Label of the clip button while something is selected; how long that is. */
  clipSelected(duration: string): string;
  readonly clipping: string;
  readonly screenshot: string;
  readonly pictureSaved: string;
  /** Sends the clip to the edge. */
  readonly upload: string;
  readonly uploading: string;
  readonly uploaded: string;
  readonly watchClip: string;
  readonly cancel: string;
  /** The group of controls of the past. */
  readonly rewindBar: string;
  /** The slider over the window. */
  readonly rewind: string;
  /** The video of the past. */
  readonly past: string;
  /** So long before what is live. */
  ago(duration: string): string;
  readonly live: string;
  readonly backToLive: string;
  readonly play: string;
  readonly pause: string;
  readonly selectIn: string;
  readonly selectOut: string;
  readonly clear: string;
  /** How much of the past can be cut from. */
  onTape(duration: string, bytes: string): string;
  /** So much more of the stream the browser's storage takes, in seconds. */
  left(duration: number): string;
  readonly recording: string;
  readonly paused: string;
  readonly pauseRecording: string;
  readonly resumeRecording: string;
  readonly mark: string;
  /** A marker has been set: its number, and where in the recording it is. */
  marked(number: number, at: string): string;
  /** Bytes that the edge has, as text. */
  sent(bytes: string): string;
  /** The recording is finished. */
  readonly recorded: string;
  readonly watch: string;
  readonly mp4: string;
  /** A clip was saved; what it holds. */
  saved(duration: string, bytes: string): string;
  readonly saveAgain: string;
  readonly missingVideo: string;
  readonly missingEdge: string;
  readonly unexpected: string;
}

const english: ElementText = {
  record: 'Record',
  starting: 'Starting…',
  stop: 'Stop',
  stopping: 'Finishing…',
  clip: (seconds) => `Clip last ${seconds} s`,
  clipSelected: (duration) => `Clip ${duration}`,
  clipping: 'Cutting…',
  screenshot: 'Screenshot',
  pictureSaved: 'Screenshot saved',
  upload: 'Send to the server',
  uploading: 'Sending the clip…',
  uploaded: 'The clip is on the server',
  watchClip: 'Watch the clip',
  cancel: 'Cancel',
  rewindBar: 'Rewind and select',
  rewind: 'Rewind',
  past: 'The past',
  ago: (duration) => `${duration} ago`,
  live: 'Live',
  backToLive: 'Back to live',
  play: 'Play',
  pause: 'Pause',
  selectIn: 'Start here',
  selectOut: 'End here',
  clear: 'Clear',
  onTape: (duration, bytes) => `On tape: ${duration} · ${bytes}`,
  left: (duration) => {
    const [hours, minutes] = hoursAndMinutes(duration);
    return hours ? `${hours} h ${minutes} min left` : `${minutes || '< 1'} min left`;
  },
  recording: 'Recording',
  paused: 'The recording is paused',
  pauseRecording: 'Pause recording',
  resumeRecording: 'Resume recording',
  mark: 'Mark',
  marked: (number, at) => `Marker ${number} at ${at}`,
  sent: (bytes) => `${bytes} sent`,
  recorded: 'Recorded',
  watch: 'Watch the recording',
  mp4: 'MP4',
  saved: (duration, bytes) => `Clip saved: ${duration}, ${bytes}`,
  saveAgain: 'Save again',
  missingVideo: 'live-tape: the attribute "for" names no video of this page',
  missingEdge: 'live-tape: to record, give the attributes "edge" and "template" or "token"',
  unexpected: 'Something went wrong',
};

const chinese: ElementText = {
  record: '录制',
  starting: '正在开始…',
  stop: '停止',
  stopping: '正在完成…',
  clip: (seconds) => `剪辑最近 ${seconds} 秒`,
  clipSelected: (duration) => `剪辑 ${duration}`,
  clipping: '正在剪辑…',
  screenshot: '截图',
  pictureSaved: '截图已保存',
  upload: '发送到服务器',
  uploading: '正在发送剪辑…',
  uploaded: '剪辑已在服务器上',
  watchClip: '观看剪辑',
  cancel: '取消',
  rewindBar: '回看与选段',
  rewind: '回看',
  past: '回看画面',
  ago: (duration) => `${duration} 之前`,
  live: '直播',
  backToLive: '回到直播',
  play: '播放',
  pause: '暂停',
  selectIn: '从这里开始',
  selectOut: '到这里结束',
  clear: '清除',
  onTape: (duration, bytes) => `可回看：${duration} · ${bytes}`,
  left: (duration) => {
    const [hours, minutes] = hoursAndMinutes(duration);
    return hours ? `剩余 ${hours} 小时 ${minutes} 分钟` : `剩余 ${minutes || '不到 1'} 分钟`;
  },
  recording: '正在录制',
  paused: '录制已暂停',
  pauseRecording: '暂停录制',
  resumeRecording: '继续录制',
  mark: '标记',
  marked: (number, at) => `第 ${number} 个标记：${at}`,
  sent: (bytes) => `已上传 ${bytes}`,
  recorded: '录制完成',
  watch: '观看录像',
  mp4: 'MP4',
  saved: (duration, bytes) => `剪辑已保存：${duration}，${bytes}`,
  saveAgain: '再次保存',
  missingVideo: 'live-tape：属性“for”没有指向本页的视频',
  missingEdge: 'live-tape：录制需要属性“edge”以及“template”或“token”',
  unexpected: '出错了',
};

const chineseErrors: Record<ErrorCode, string> = {
  tap_too_late: '播放器在 livetape 之前就已启动：请把 livetape/tap 作为页面的第一个脚本加载',
  tap_no_media_source: '该视频直接播放网址，没有使用 MSE，无法旁录：请改用 pull 方式',
  tap_in_worker: '该播放器在 Worker 中输送视频，无法旁录：请改用 pull 方式',
  bad_option: '有一个选项的值不正确',
  closed: '录像带已关闭',
  already_recording: '已经在录制了',
  not_recording: '录制已经停止',
  cancelled: '已取消',
  clip_closed: '该剪辑已关闭',
  not_secure: '上传录制需要 https 或 localhost 页面：否则浏览器不提供校验和',
  no_webcodecs: '此浏览器不支持 WebCodecs，无法截图',
  codec_unsupported: '此浏览器无法用 WebCodecs 解码该直播',
  picture_failed: '无法解码该画面',
  replay_failed: '浏览器无法播放这段录像带',
  bad_access: '录制需要公开模板编号或写入令牌',
  nothing_recorded: '录像带上没有这段时间的内容',
  configuration_change: '直播流在此处更换了编码配置，无法放进同一个 MP4',
  protected: '该直播受版权保护（DRM），无法录制',
  tape_gone: '这段录制已被删除，或正在另一个页面中打开',
  storage_failed: '浏览器存储出错',
  playlist_unreachable: '无法连接到直播流',
  playlist_invalid: '该地址不是可以录制的 HLS 播放列表',
  edge_unreachable: '无法连接到录制服务器',
  edge_refused: '录制服务器拒绝了请求',
  worker_failed: '录制器无法启动',
};

/** Text in the language of a BCP 47 tag: Chinese for `zh…`, else English. */
export function textFor(language: string): ElementText {
  return isChinese(language) ? chinese : english;
}

/** An error in words, in the language of a BCP 47 tag. */
export function errorText(error: unknown, language: string): string {
  if (!(error instanceof LiveTapeError)) return `${textFor(language).unexpected}: ${String(error)}`;
  const words = (chineseErrors as Record<string, string>)[error.code];
  return isChinese(language) && words ? `${words} (${error.code})` : error.message;
}

function isChinese(language: string): boolean {
  return /^zh\b/i.test(language);
}
