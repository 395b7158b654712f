import { signal } from '@preact/signals';
import { en } from './en';
import { zh } from './zh';

export type Language = 'en' | 'zh-CN';
export type Key = keyof typeof en;

const REMEMBERED = 'runflow.lang';

/** The language of the page. boot.js has already chosen it, by what is remembered or by the browser. */
export const language = signal<Language>(chosen());

export function switchLanguage(): void {
  language.value = language.value === 'en' ? 'zh-CN' : 'en';
  document.documentElement.lang = language.value;
  try {
    localStorage.setItem(REMEMBERED, language.value);
  } catch {
    // Without storage the choice holds for this page.
  }
}

/** The text for a key, its `{name}` places filled in. */
export function t(key: Key, values: Record<string, string | number> = {}): string {
  const text: string = (language.value === 'en' ? en : zh)[key];
  return text.replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ''));
}

/** The text for a key that was put together, such as a state's, or the word itself when there is none. */
export function word(prefix: string, value: string): string {
  const key = `${prefix}.${value}`;
  return key in en ? t(key as Key) : value;
}

function chosen(): Language {
  return typeof document !== 'undefined' && document.documentElement.lang.startsWith('zh') ? 'zh-CN' : 'en';
}
