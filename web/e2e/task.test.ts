import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { call, close, launch, open, screenshot, server } from './browser';

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

test('the page of a running task shows its bar, its steps and its log until the end', async () => {
  const { id } = await call<{ id: string }>('/tasks', { flow: 'demo' });
  const tab = await open(browser, `/tasks/${id}`);
  const { page } = tab;
  await page.locator('.task-head[data-state=running]').waitFor();
  await page.locator('.log .line').first().waitFor();
  await expect.poll(() => page.title()).toMatch(/^\d+(\.\d)?% · /);
  expect(await page.locator('.step').count()).toBeGreaterThan(0);
  await screenshot(page, 'task-running');
  await page.locator('.task-head[data-state=succeeded]').waitFor({ timeout: 45_000 });
  expect(await page.locator('.task-percent').textContent()).toBe('100%');
  expect(await page.locator('.task-head [role=progressbar]').getAttribute('aria-valuenow')).toBe('100');
  expect(await page.title()).toMatch(/^succeeded · /);
  await expect.poll(() => page.locator('.step:not([data-state=succeeded])').count()).toBe(0);
  // The log of the page is the log of the server: every line, once, in order, and nothing but text.
  const raw = (await (await fetch(`${server}/tasks/${id}/logs`)).text()).replace(/\n$/, '').split('\n');
  await expect.poll(() => page.locator('.log .line').count()).toBe(raw.length);
  const shown = await page.locator('.log .line').evaluateAll((lines) =>
    lines.map((line) => [(line as HTMLElement).dataset['line'], line.textContent, line.querySelectorAll(':not(span)').length] as const),
  );
  shown.forEach(([number, text, markup], i) => {
    expect(number).toBe(String(i + 1));
    expect(text).toBe(raw[i]!.replace(/\x1b\[[\d;]*m/g, ''));
    expect(markup).toBe(0);
  });
  await screenshot(page, 'task-succeeded');
  expect(await close(tab)).toEqual([]);
});

test('a log line is never markup, and its colours are kept', async () => {
  const { id } = await call<{ id: string }>('/tasks', { title: 'log' });
  const line = '<img src=x onerror=alert(1)> \x1b[31mred\x1b[0m <script>alert(2)</script>';
  const sent = await fetch(`${server}/tasks/${id}/logs`, { method: 'POST', body: `first\n${line}\n`, headers: { 'Content-Type': 'text/plain' } });
  expect(sent.ok).toBe(true);
  const tab = await open(browser, `/tasks/${id}`);
  const { page } = tab;
  const second = page.locator('.log .line[data-line="2"]');
  await second.waitFor();
  expect(await second.textContent()).toBe('<img src=x onerror=alert(1)> red <script>alert(2)</script>');
  expect(await second.locator('.ansi-red').textContent()).toBe('red');
  expect(await second.locator('img, script').count()).toBe(0);
  await fetch(`${server}/tasks/${id}/logs`, { method: 'POST', body: 'third, live\n', headers: { 'Content-Type': 'text/plain' } });
  await page.locator('.log .line[data-line="3"]').waitFor();
  await call(`/tasks/${id}/progress`, { state: 'succeeded' });
  await page.locator('.task-head[data-state=succeeded]').waitFor();
  expect(await close(tab)).toEqual([]);
});

test('one address: a page for a browser, JSON for a program', async () => {
  const { id } = await call<{ id: string }>('/tasks', { title: 'both' });
  const html = await fetch(`${server}/tasks/${id}`, { headers: { Accept: 'text/html,*/*;q=0.8' } });
  expect(html.headers.get('content-type')).toContain('text/html');
  expect(html.headers.get('vary')).toMatch(/accept/i);
  const json = await fetch(`${server}/tasks/${id}`, { headers: { Accept: '*/*' } });
  expect(json.headers.get('content-type')).toContain('application/json');
  await call(`/tasks/${id}/progress`, { state: 'succeeded' });
});

test('a task that does not exist is said to be missing, and appears when it is made', async () => {
  const id = `e2e-${Date.now()}`;
  const tab = await open(browser, `/tasks/${id}`);
  const { page } = tab;
  await page.getByText('There is no such task.').waitFor();
  await call('/tasks', { id, title: 'made later' });
  await page.reload();
  await page.getByRole('heading', { name: 'made later' }).waitFor();
  await call(`/tasks/${id}/progress`, { state: 'succeeded' });
  await page.locator('.task-head[data-state=succeeded]').waitFor();
  const faults = await close(tab);
  expect(faults.filter((fault) => !fault.includes('status of 404'))).toEqual([]);
});
