import { afterEach, expect, test, vi } from 'vitest';
import { en } from './en';
import { language, switchLanguage, t, word } from './language';
import { zh } from './zh';

vi.stubGlobal('document', { documentElement: { lang: 'en' } });
afterEach(() => void (language.value = 'en'));

test('both languages have the same places to fill in', () => {
  const places = (text: string) => [...text.matchAll(/\{\w+\}/g)].map(String).sort();
  for (const key of Object.keys(en) as (keyof typeof en)[]) expect(places(zh[key]), key).toEqual(places(en[key]));
});

test('texts are filled in, and the switch works without storage', () => {
  expect(t('link.waiting', { n: 3 })).toBe('reconnecting in 3 s');
  switchLanguage();
  expect(t('link.waiting', { n: 3 })).toBe('3 秒后重新连接');
  expect(document.documentElement.lang).toBe('zh-CN');
});

test('a word that is not known stands for itself', () => {
  expect(word('state', 'running')).toBe('running');
  expect(word('state', 'paused')).toBe('paused');
});
