/** What went wrong, in words. */
import { LiveTapeError } from '../sdk/src/errors.js';
import { language } from '../demo/language.js';
import { EdgeError } from './api.js';

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

/** What went wrong, and what to do, in a sentence or two. */
export function explain(error: unknown): string {
  const table = refusals[language()];
  const code = error instanceof EdgeError || error instanceof LiveTapeError ? error.code : 'other';
  const sentence = table[code] ?? table['other'];
  return sentence?.(error instanceof Error ? error.message : String(error)) ?? String(error);
}
