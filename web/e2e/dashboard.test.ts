import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { call, close, launch, open, screenshot, server } from './browser';

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

test('a flow started from the form moves its bar to 100 % and ends as succeeded', async () => {
  const tab = await open(browser, '/');
  const { page } = tab;
  await page.locator('.pill[data-link=connected]').waitFor();
  await page.selectOption('#flow', 'demo');
  await page.click('.start button[type=submit]');
  const link = page.locator('.start-foot a');
  await link.waitFor();
  const id = new URL((await link.getAttribute('href'))!).pathname.split('/').pop()!;
  const row = page.locator(`.row[data-task="${id}"]`);
  await row.waitFor();
  // Every value that the bar takes, from the page itself: polling would miss some.
  await row.evaluate((element) => {
    const bar = element.querySelector('[role=progressbar]')!;
    const seen: number[] = ((window as unknown as { seen: number[] }).seen = []);
    new MutationObserver(() => {
      const value = bar.getAttribute('aria-valuenow');
      if (value !== null) seen.push(Number(value));
    }).observe(bar, { attributes: true, attributeFilter: ['aria-valuenow'] });
  });
  await page.locator(`.row[data-task="${id}"][data-state=running]`).waitFor();
  await screenshot(page, 'dashboard-running');
  await page.locator(`.row[data-task="${id}"][data-state=succeeded]`).waitFor({ timeout: 45_000 });
  const seen = await page.evaluate(() => (window as unknown as { seen: number[] }).seen);
  expect(new Set(seen).size, `the bar showed ${seen.join(' ')}`).toBeGreaterThan(3);
  expect(seen).toEqual([...seen].sort((a, b) => a - b));
  expect(await row.locator('[role=progressbar]').getAttribute('aria-valuenow')).toBe('100');
  expect(await row.locator('.row-percent').textContent()).toBe('100%');
  expect(await row.locator('.badge').textContent()).toContain('succeeded');
  const task = await call<{ state: string; progress: number }>(`/tasks/${id}`);
  expect(task).toMatchObject({ state: 'succeeded', progress: 100 });
  expect(await close(tab)).toEqual([]);
});

test('a task that somebody else starts appears, is cancelled from the list, and rerun', async () => {
  const tab = await open(browser, '/');
  const { page } = tab;
  await page.locator('.pill[data-link=connected]').waitFor();
  const { id } = await call<{ id: string }>('/tasks', { flow: 'demo' });
  const row = page.locator(`.row[data-task="${id}"]`);
  await page.locator(`.row[data-task="${id}"][data-state=running]`).waitFor();
  await row.getByRole('button').click();
  await page.locator(`.row[data-task="${id}"][data-state=canceled]`).waitFor({ timeout: 30_000 });
  const before = await page.locator('.row').count();
  await row.getByRole('button').click();
  await expect.poll(() => page.locator('.row').count()).toBe(before + 1);
  const newest = await page.locator('.row').first().getAttribute('data-task');
  expect(newest).not.toBe(id);
  expect((await call<{ parent: string }>(`/tasks/${newest}`)).parent).toBe(id);
  await call(`/tasks/${newest}/cancel`, {});
  expect(await close(tab)).toEqual([]);
});

test('a reported task shows what its reporter says, as text', async () => {
  const tab = await open(browser, '/');
  const { page } = tab;
  await page.locator('.pill[data-link=connected]').waitFor();
  const { id } = await call<{ id: string }>('/tasks', { title: '<img src=x onerror=alert(1)> 报告' });
  const row = page.locator(`.row[data-task="${id}"]`);
  await row.waitFor();
  expect(await row.locator('.row-title').textContent()).toBe('<img src=x onerror=alert(1)> 报告');
  for (const progress of [12.5, 60]) {
    await call(`/tasks/${id}/progress`, { progress, message: `处理中... ${progress}` });
    await expect.poll(() => row.locator('[role=progressbar]').getAttribute('aria-valuenow')).toBe(String(progress));
    expect(await row.locator('.row-message').textContent()).toContain(`处理中... ${progress}`);
  }
  await call(`/tasks/${id}/progress`, { state: 'failed', message: 'no more' });
  await page.locator(`.row[data-task="${id}"][data-state=failed]`).waitFor();
  expect(await row.locator('.row-percent').textContent()).toBe('60%');
  expect(await close(tab)).toEqual([]);
});

test('what the server says about a parameter stands beside it', async () => {
  const tab = await open(browser, '/');
  const { page } = tab;
  await page.selectOption('#flow', 'checksum');
  const dir = page.locator('#param-dir');
  await dir.fill('x'.repeat(5_000));
  await page.click('.start button[type=submit]');
  await expect.poll(() => dir.getAttribute('aria-invalid')).toBe('true');
  expect((await page.locator('#param-dir-error').textContent())!.length).toBeGreaterThan(3);
  expect(await dir.getAttribute('aria-describedby')).toContain('param-dir-error');
  expect(await dir.evaluate((element) => element === document.activeElement)).toBe(true);
  await screenshot(page, 'dashboard-field-error');
  // The browser itself reports an answer of 4xx to the console.
  const faults = await close(tab);
  expect(faults.filter((fault) => !/status of 4(00|22)/.test(fault))).toEqual([]);
});

test('a missing asset is 404 and no page', async () => {
  const response = await fetch(`${server}/assets/no-such-file.js`);
  expect(response.status).toBe(404);
  expect(await response.text()).not.toContain('<html');
});
