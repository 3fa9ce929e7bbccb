/** The pages' language: what was chosen before, else the browser's. */

/** A language that the pages speak. */
export type Language = 'en' | 'zh';

const stored = 'livetape.language';
let chosen: Language = (localStorage.getItem(stored) ?? navigator.language).startsWith('zh') ? 'zh' : 'en';

/** The language now. */
export function language(): Language {
  return chosen;
}

/** As a BCP 47 tag. */
export function languageTag(): string {
  return chosen === 'zh' ? 'zh-CN' : 'en';
}

/** What the button says that changes it: the name of the other one. */
export function otherLanguage(): string {
  return chosen === 'zh' ? 'English' : '中文';
}

/** Changes to the other one, for the next visit too. */
export function switchLanguage(): void {
  chosen = chosen === 'zh' ? 'en' : 'zh';
  localStorage.setItem(stored, chosen);
}
