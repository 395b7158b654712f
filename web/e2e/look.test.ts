import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { call, close, launch, open, screenshot } from './browser';

let browser: Browser;
let id: string;
beforeAll(async () => {
  browser = await launch();
  ({ id } = await call<{ id: string }>('/tasks', { title: 'Look 看' }));
  await call(`/tasks/${id}/progress`, { current: 425, total: 1_000, unit: 'files', message: '处理中... lib/x86_64-linux-gnu' });
});
afterAll(async () => {
  await call(`/tasks/${id}/progress`, { state: 'succeeded' });
  await browser.close();
});

const looks = [360, 1280, 2560].flatMap((width) =>
  (['light', 'dark'] as const).flatMap((theme) => (['en-US', 'zh-CN'] as const).map((locale) => ({ width, theme, locale }))),
);

describe.each(looks)('$width px, $theme, $locale', (look) => {
  const pages = [
    { name: 'dashboard', path: () => '/', shown: '.row', words: { 'en-US': 'Start a flow', 'zh-CN': '启动流程' } },
    { name: 'task', path: () => `/tasks/${id}`, shown: '.task-head', words: { 'en-US': 'Details', 'zh-CN': '详情' } },
    { name: 'console', path: () => '/websocket', shown: '.connect', words: { 'en-US': 'WebSocket console', 'zh-CN': 'WebSocket 控制台' } },
  ];
  test.each(pages)('$name', async ({ name, path, shown, words }) => {
    const tab = await open(browser, path(), look);
    const { page } = tab;
    await page.locator(shown).first().waitFor();
    await page.getByText(words[look.locale]).first().waitFor();
    expect(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth), 'scrolls sideways').toBeLessThanOrEqual(0);
    const background = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    expect(luminance(background) < 0.5).toBe(look.theme === 'dark');
    await screenshot(page, `${name}-${look.width}-${look.theme}-${look.locale}`);
    expect(await close(tab)).toEqual([]);
  });
});

test('the switches for language and theme are remembered', async () => {
  const tab = await open(browser, '/', { theme: 'light', locale: 'en-US' });
  const { page } = tab;
  await page.click('[data-switch=language]');
  await page.getByRole('heading', { name: '任务' }).waitFor();
  await page.click('[data-switch=theme]');
  await page.reload();
  await page.getByRole('heading', { name: '任务' }).waitFor();
  expect(await page.evaluate(() => [document.documentElement.lang, document.documentElement.dataset['theme']])).toEqual(['zh-CN', 'dark']);
  expect(await close(tab)).toEqual([]);
});

test('the page is reached by keyboard, and motion is left out where it is not wanted', async () => {
  const tab = await open(browser, '/', { reducedMotion: true });
  const { page } = tab;
  await page.locator('.row').first().waitFor();
  await page.keyboard.press('Tab');
  expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Skip to content');
  await page.keyboard.press('Tab');
  const outline = await page.evaluate(() => getComputedStyle(document.activeElement!).outlineStyle);
  expect(outline).toBe('solid');
  const moving = await page.evaluate(() => document.getAnimations().length);
  expect(moving).toBe(0);
  expect(await close(tab)).toEqual([]);
});

function luminance(color: string): number {
  const [r = 0, g = 0, b = 0] = (color.match(/[\d.]+/g) ?? []).map(Number);
  return (0.2126 * r + 0.7152 * g + 0.0722 * b) / 255;
}
