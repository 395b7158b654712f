import type { Browser, WebSocketRoute } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { call, close, launch, open, screenshot, type Tab } from './browser';

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

/** The way between the pages and the server, which the test can cut and hold. */
interface Line {
  tab: Tab;
  /** What the page asked for, of all connections. */
  subscribed: Record<string, unknown>[];
  connections: WebSocketRoute[];
  hold: boolean;
}

async function openThroughLine(path: string): Promise<Line> {
  const tab = await open(browser, '/websocket');
  const line: Line = { tab, subscribed: [], connections: [], hold: false };
  await tab.context.routeWebSocket(/\/ws$/, (page) => {
    line.connections.push(page);
    if (line.hold) {
      void page.close({ code: 1012, reason: 'restart' });
      return;
    }
    const toServer = page.connectToServer();
    page.onMessage((text) => {
      const message = JSON.parse(String(text)) as { event: string; data: Record<string, unknown> };
      if (message.event === 'subscribe') line.subscribed.push(message.data);
      toServer.send(text);
    });
  });
  await tab.page.goto(new URL(path, tab.page.url()).href);
  await tab.page.locator('.pill[data-link=connected]').waitFor();
  return line;
}

test('a page that was cut off says so, comes back, and has missed nothing', async () => {
  const { id } = await call<{ id: string }>('/tasks', { title: 'cut off' });
  await call(`/tasks/${id}/progress`, { progress: 10 });
  const line = await openThroughLine(`/tasks/${id}`);
  const { page } = line.tab;
  await page.locator('.task-head[data-state=running]').waitFor();
  await call(`/tasks/${id}/progress`, { progress: 20 });
  await page.getByText('20%').first().waitFor();

  line.hold = true;
  await line.connections.at(-1)!.close({ code: 1012, reason: 'restart' });
  await page.locator('.pill[data-link=waiting]').waitFor();
  await page.getByText(/stale since/).waitFor();
  await screenshot(page, 'task-reconnecting');
  await call(`/tasks/${id}/progress`, { progress: 90 });
  await call(`/tasks/${id}/progress`, { state: 'succeeded' });
  expect(await page.locator('.task-head').getAttribute('data-state')).toBe('running');

  line.hold = false;
  await page.locator('.pill[data-link=connected]').waitFor();
  await page.locator('.task-head[data-state=succeeded]').waitFor();
  expect(line.subscribed[0]).not.toHaveProperty('since');
  expect(line.subscribed.at(-1)!['since']).toBeGreaterThan(0);
  expect(await close(line.tab)).toEqual([]);
});

test('the list learns of what began and what ended while it was away', async () => {
  const ends = await call<{ id: string }>('/tasks', { title: 'ends meanwhile' });
  await call(`/tasks/${ends.id}/progress`, { progress: 50 });
  const line = await openThroughLine('/');
  const { page } = line.tab;
  await page.locator(`.row[data-task="${ends.id}"][data-state=running]`).waitFor();
  line.hold = true;
  await line.connections.at(-1)!.close({ code: 4003, reason: 'drain' });
  await page.locator('.pill[data-link=waiting]').waitFor();
  await call(`/tasks/${ends.id}/progress`, { state: 'succeeded' });
  const begins = await call<{ id: string }>('/tasks', { title: 'begins meanwhile' });
  line.hold = false;
  await page.locator(`.row[data-task="${ends.id}"][data-state=succeeded]`).waitFor();
  await page.locator(`.row[data-task="${begins.id}"]`).waitFor();
  await call(`/tasks/${begins.id}/progress`, { state: 'succeeded' });
  await page.locator(`.row[data-task="${begins.id}"][data-state=succeeded]`).waitFor();
  expect(await close(line.tab)).toEqual([]);
});

test('a page that the server sent away for good does not come back by itself', async () => {
  const line = await openThroughLine('/');
  const { page } = line.tab;
  await line.connections.at(-1)!.close({ code: 4501, reason: 'too many subscriptions' });
  await page.getByText('closed by the server (4501)').waitFor();
  const before = line.connections.length;
  await page.getByRole('button', { name: 'Connect now' }).click();
  await page.locator('.pill[data-link=connected]').waitFor();
  expect(line.connections.length).toBe(before + 1);
  expect(await close(line.tab)).toEqual([]);
});
