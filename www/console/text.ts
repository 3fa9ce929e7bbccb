/** What the console says, in English and Chinese. */
import { LiveTapeError } from '../sdk/src/errors.js';
import { clock, size } from '../sdk/src/element_format.js';
import { language, languageTag } from '../demo/language.js';
import { EdgeError, type Limits, type Recording, type Scope } from './api.js';

const english = {
  title: 'Console',
  otherLanguage: 'Language: 中文',
  signIn: 'Sign in',
  signInHint: 'With an API key of this edge. It is kept until this tab is closed, nowhere else.',
  key: 'API key',
  signOut: 'Sign out',
  sections: 'Sections',
  live: 'Live',
  recordings: 'Recordings',
  templates: 'Templates',
  keys: 'Keys',
  loading: 'Loading…',
  more: 'Show more',
  cancel: 'Cancel',
  delete: 'Delete',
  copy: 'Copy',
  copied: 'Copied',
  copiedFor: 'Copied. The link plays for 7 days.',
  untitled: 'Untitled',
  // Live
  noLive: 'Nothing is being recorded now. What begins shows up here by itself.',
  moreLive: (shown: number) => `These are the ${shown} that began last; all are under Recordings.`,
  waiting: 'Waiting for the first picture',
  growing: 'Live',
  silent: 'Nothing arrives',
  latestPicture: (title: string, at: string) => `Latest picture of ${title}, at ${at}`,
  noPicture: 'Sound only',
  bannedPicture: 'Banned: no picture is shown',
  bitrate: 'Bit rate',
  bitrateHow: 'Bytes that arrived in the last seconds, by the time that they play; at first those of the whole.',
  duration: 'Duration',
  stored: 'Stored',
  format: 'Format',
  // Lists
  search: 'Search',
  searchHint: 'Title, or id',
  state: 'State',
  review: 'Review',
  all: 'All',
  recording: 'Recording',
  finished: 'Finished',
  pending: 'Pending',
  approved: 'Approved',
  banned: 'Banned',
  private: 'By link only',
  noneFound: 'No recording is like that.',
  created: 'Created',
  // One recording
  back: 'All recordings',
  player: 'Player',
  liveMp4: 'This browser plays no HLS by itself: what you see is what there was when the page was opened.',
  bannedPlayer: 'Banned: it plays for nobody. Approve it to see it.',
  emptyPlayer: 'There is nothing to play yet.',
  clip: 'Clip',
  clipKeys: 'Keys: I where it starts, O where it ends.',
  startHere: 'Start here',
  endHere: 'End here',
  clear: 'Clear',
  from: 'From',
  to: 'To',
  beginning: 'beginning',
  end: 'end',
  clipTitle: 'Title of the clip',
  createClip: 'Create clip',
  clipCreated: 'The clip is there.',
  clipEmpty: 'A clip ends after it starts: move one of both.',
  clips: 'Clips',
  noClips: 'No clips yet.',
  copyLink: 'Copy link',
  download: 'Download MP4',
  downloadSound: 'Sound (M4A)',
  watchPage: 'Page for viewers',
  decide: 'Who may play',
  approve: 'Approve',
  ban: 'Ban',
  makePending: 'Set to pending',
  anyone: 'Whoever knows its address',
  linkOnly: 'Only by a link made here',
  makePublic: 'Let everybody play',
  makePrivate: 'Play by link only',
  link: 'Link to play',
  linkFor: 'Good for',
  hour: '1 hour',
  day: '1 day',
  week: '7 days',
  month: '30 days',
  makeLink: 'Make link',
  linkMade: (until: string) => `Plays until ${until}, in any HLS player:`,
  revokeLinks: 'Revoke all links',
  linksRevoked: 'No link that was made so far plays any more.',
  changed: 'Done. It holds within 2 seconds.',
  deleteRecording: 'Delete recording',
  deleteRecordingQuestion: (title: string) => `Delete “${title}” with all its clips? It cannot be brought back.`,
  deleteClipQuestion: (title: string) => `Delete the clip “${title}”? Its addresses stop playing.`,
  deleted: 'Deleted.',
  // Templates
  templatesHint: 'By a template the visitors of your pages may record without a key, within its limits.',
  newTemplate: 'New template',
  name: 'Name',
  origins: 'Pages',
  originsHint: 'One origin a line, such as https://school.example; none: any page',
  minutes: 'Minutes of a recording',
  megabytes: 'Megabytes of a recording',
  mostRecordings: 'Recordings at a time',
  perMinute: 'New recordings a minute and address',
  noLimit: 'no limit',
  anyPage: 'any page',
  createTemplate: 'Create template',
  templateCreated: 'The template is there. Name it in your page: template="…"',
  deleteTemplateQuestion: (title: string) => `Delete the template “${title}”? Pages that name it can record no more; what they recorded stays.`,
  noTemplates: 'No templates yet.',
  // Keys
  keysHint: 'For programs and people. A key opens what its scopes say, from anywhere: keep it secret.',
  newKey: 'New key',
  createKey: 'Make key',
  scopes: 'What it may do',
  record: 'record: create recordings and uploads',
  read: 'read: list recordings and clips',
  manage: 'manage: change, review, clip and delete',
  admin: 'admin: keys and templates',
  scopeMissing: 'Choose one scope at least: a key that may do nothing is of no use.',
  keyMade: 'Copy the key now: it is shown this once, and kept nowhere.',
  keyStored: 'I have stored it',
  revoke: 'Revoke',
  revokeQuestion: (title: string) => `Revoke the key “${title}”? From then on it opens nothing.`,
  revoked: 'Revoked.',
  noKeys: 'No keys yet, except the edge’s own.',
};

type Words = typeof english;

const chinese: Words = {
  title: '控制台',
  otherLanguage: '语言：English',
  signIn: '登录',
  signInHint: '使用这台边缘服务器的 API 密钥。密钥只保留到关闭此标签页为止，不存放在别处。',
  key: 'API 密钥',
  signOut: '退出',
  sections: '栏目',
  live: '直播',
  recordings: '录像',
  templates: '模板',
  keys: '密钥',
  loading: '正在加载…',
  more: '显示更多',
  cancel: '取消',
  delete: '删除',
  copy: '复制',
  copied: '已复制',
  copiedFor: '已复制。链接 7 天内可以播放。',
  untitled: '无标题',
  noLive: '现在没有正在录制的内容。新的录制会自动出现在这里。',
  moreLive: (shown) => `这里是最近开始的 ${shown} 个；全部内容见“录像”。`,
  waiting: '正在等待第一幅画面',
  growing: '直播中',
  silent: '没有数据到达',
  latestPicture: (title, at) => `${title} 的最新画面，位于 ${at}`,
  noPicture: '只有声音',
  bannedPicture: '已封禁：不显示画面',
  bitrate: '码率',
  bitrateHow: '最近几秒到达的字节数除以其播放时长；最初为全部内容的平均值。',
  duration: '时长',
  stored: '已存储',
  format: '格式',
  search: '搜索',
  searchHint: '标题或编号',
  state: '状态',
  review: '审核',
  all: '全部',
  recording: '录制中',
  finished: '已完成',
  pending: '待审核',
  approved: '已通过',
  banned: '已封禁',
  private: '仅凭链接',
  noneFound: '没有符合条件的录像。',
  created: '创建时间',
  back: '全部录像',
  player: '播放器',
  liveMp4: '此浏览器不能直接播放 HLS：这里显示的是打开页面时已有的内容。',
  bannedPlayer: '已封禁：任何人都不能播放。通过审核后才能观看。',
  emptyPlayer: '还没有可以播放的内容。',
  clip: '剪辑',
  clipKeys: '按键：I 设为起点，O 设为终点。',
  startHere: '从这里开始',
  endHere: '到这里结束',
  clear: '清除',
  from: '起点',
  to: '终点',
  beginning: '开头',
  end: '结尾',
  clipTitle: '剪辑的标题',
  createClip: '创建剪辑',
  clipCreated: '剪辑已创建。',
  clipEmpty: '终点必须在起点之后：请移动其中一个。',
  clips: '剪辑列表',
  noClips: '还没有剪辑。',
  copyLink: '复制链接',
  download: '下载 MP4',
  downloadSound: '音频（M4A）',
  watchPage: '观看页面',
  decide: '谁可以播放',
  approve: '通过',
  ban: '封禁',
  makePending: '设为待审核',
  anyone: '任何知道地址的人',
  linkOnly: '只有凭这里生成的链接',
  makePublic: '允许所有人播放',
  makePrivate: '仅凭链接播放',
  link: '播放链接',
  linkFor: '有效期',
  hour: '1 小时',
  day: '1 天',
  week: '7 天',
  month: '30 天',
  makeLink: '生成链接',
  linkMade: (until) => `${until} 之前可用任何 HLS 播放器播放：`,
  revokeLinks: '撤销所有链接',
  linksRevoked: '此前生成的链接都不能再播放。',
  changed: '已完成，2 秒内生效。',
  deleteRecording: '删除录像',
  deleteRecordingQuestion: (title) => `删除“${title}”及其全部剪辑？删除后无法恢复。`,
  deleteClipQuestion: (title) => `删除剪辑“${title}”？它的地址将不能再播放。`,
  deleted: '已删除。',
  templatesHint: '有了模板，您页面的访客无需密钥即可在限制之内录制。',
  newTemplate: '新建模板',
  name: '名称',
  origins: '页面',
  originsHint: '每行一个来源，例如 https://school.example；不填则为任何页面',
  minutes: '每段录像的分钟数',
  megabytes: '每段录像的大小（兆字节）',
  mostRecordings: '同时存在的录像数',
  perMinute: '每个地址每分钟新建的录像数',
  noLimit: '不限',
  anyPage: '任何页面',
  createTemplate: '创建模板',
  templateCreated: '模板已创建。请在页面中写明：template="…"',
  deleteTemplateQuestion: (title) => `删除模板“${title}”？使用它的页面将不能再录制；已有的录像保留。`,
  noTemplates: '还没有模板。',
  keysHint: '供程序和人使用。密钥在任何地方都能打开其权限所允许的一切，请妥善保管。',
  newKey: '新建密钥',
  createKey: '生成密钥',
  scopes: '权限',
  record: 'record：创建录像和上传',
  read: 'read：列出录像和剪辑',
  manage: 'manage：修改、审核、剪辑和删除',
  admin: 'admin：密钥和模板',
  scopeMissing: '请至少选择一项权限：没有权限的密钥毫无用处。',
  keyMade: '请立即复制密钥：它只显示这一次，不保存在任何地方。',
  keyStored: '我已保存',
  revoke: '撤销',
  revokeQuestion: (title) => `撤销密钥“${title}”？此后它不再有任何权限。`,
  revoked: '已撤销。',
  noKeys: '除了服务器自身的密钥，还没有其他密钥。',
};

/** What is said where the edge refuses: what it means, and what to do. `detail` is the edge's own sentence. */
const refusals: Record<'en' | 'zh', Record<string, (detail: string) => string>> = {
  en: {
    unreachable: () => 'The edge cannot be reached. Look at your connection; then try again.',
    key_invalid: () => 'The edge does not know this key: it was mistyped, or has been revoked. Sign in with another one.',
    token_missing: () => 'The edge wants an API key. Sign in with one.',
    key_scope: (detail) => `This key may not do that. Sign in with one that may. (${detail})`,
    unknown_recording: () => 'This recording does not exist any more: somebody has deleted it. Go back to the list.',
    unknown_clip: () => 'This clip does not exist any more: somebody has deleted it.',
    unknown_template: () => 'This template does not exist any more: somebody has deleted it.',
    unknown_key: () => 'This key does not exist any more: somebody has revoked it.',
    nothing_recorded: () => 'Nothing of that time is stored. Choose another one.',
    not_started: () => 'Nothing of that time is stored yet. Try again in a moment.',
    too_many_clips: () => 'A recording has 10,000 clips at most. Delete some first.',
    too_many_requests: () => 'That was too often. Wait a minute, then try again.',
    no_webcodecs: () => 'This browser cannot decode single pictures.',
    codec_unsupported: () => 'This browser cannot decode the pictures’ codec.',
    picture_failed: () => 'The latest picture cannot be decoded.',
    other: (detail) => `That did not work; try again. (${detail})`,
  },
  zh: {
    unreachable: () => '无法连接到边缘服务器。请检查网络，然后重试。',
    key_invalid: () => '服务器不认识这个密钥：可能输入有误，或已被撤销。请使用其他密钥登录。',
    token_missing: () => '服务器需要 API 密钥，请登录。',
    key_scope: (detail) => `这个密钥没有此项权限，请使用有权限的密钥登录。（${detail}）`,
    unknown_recording: () => '这段录像已不存在：已被人删除。请返回列表。',
    unknown_clip: () => '这个剪辑已不存在：已被人删除。',
    unknown_template: () => '这个模板已不存在：已被人删除。',
    unknown_key: () => '这个密钥已不存在：已被人撤销。',
    nothing_recorded: () => '这段时间没有内容，请另选时间。',
    not_started: () => '这段时间还没有内容，请稍后再试。',
    too_many_clips: () => '每段录像最多 10,000 个剪辑，请先删除一些。',
    too_many_requests: () => '操作过于频繁，请一分钟后再试。',
    no_webcodecs: () => '此浏览器不能解码单幅画面。',
    codec_unsupported: () => '此浏览器不能解码这种视频编码。',
    picture_failed: () => '无法解码最新画面。',
    other: (detail) => `操作没有成功，请重试。（${detail}）`,
  },
};

/** The texts in the page's language. */
export function words(): Words {
  return language() === 'zh' ? chinese : english;
}

/** What went wrong, and what to do, in a sentence or two. */
export function explain(error: unknown): string {
  const table = refusals[language()];
  const code = error instanceof EdgeError || error instanceof LiveTapeError ? error.code : 'other';
  const sentence = table[code] ?? table['other'];
  return sentence?.(error instanceof Error ? error.message : String(error)) ?? String(error);
}

/** What a recording, clip, template or key is called. */
export function titleOf({ title }: { readonly title?: string }): string {
  return title || words().untitled;
}

/** What a key's scope lets its holder do. */
export function scopeText(scope: Scope): string {
  return words()[scope];
}

/** Unix milliseconds as a date and time of day. */
export function date(millis: number): string {
  return new Intl.DateTimeFormat(languageTag(), { dateStyle: 'medium', timeStyle: 'short' }).format(millis);
}

/** Bits a second. */
export function bitrate(bits: number): string {
  return bits < 1e6 ? `${Math.round(bits / 1e3)} kb/s` : `${(bits / 1e6).toFixed(1)} Mb/s`;
}

/** Seconds as `1:02:03.040`, to the millisecond that pictures are told apart by. */
export function moment(seconds: number): string {
  const millis = Math.round(seconds * 1000);
  return `${clock(Math.floor(millis / 1000))}.${String(millis % 1000).padStart(3, '0')}`;
}

/** Codecs and sizes of the tracks. */
export function format({ tracks }: Recording): string {
  return tracks.map(({ codec, width, height, sample_rate: rate }) => `${codec}${width ? ` ${width}×${height}` : rate ? ` ${rate / 1000} kHz` : ''}`).join(' · ');
}

/** What a template allows, in short. */
export function limits({ origins, minutes, bytes, recordings, per_minute: perMinute }: Limits): [name: string, value: string][] {
  const text = words();
  const number = (value: number | undefined): string => value?.toLocaleString(languageTag()) ?? text.noLimit;
  return [
    [text.origins, origins?.length ? origins.join(', ') : text.anyPage],
    [text.minutes, number(minutes)],
    [text.stored, bytes === undefined ? text.noLimit : size(bytes)],
    [text.mostRecordings, number(recordings)],
    [text.perMinute, number(perMinute)],
  ];
}
