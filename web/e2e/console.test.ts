import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { close, launch, open, screenshot, server } from './browser';

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

test('connect, send a message, see it come back, disconnect', async () => {
  const tab = await open(browser, '/websocket');
  const { page } = tab;
  expect(await page.inputValue('#address')).toBe(`${server.replace(/^http/, 'ws')}/ws`);
  await page.click('.connect button');
  await page.locator('.frame[data-direction=in][data-event=connected]').waitFor();
  await page.fill('#message', 'hello, RunFlow 你好');
  await page.press('#message', 'Enter');
  const sent = page.locator('.frame[data-direction=out][data-event=message]');
  const echo = page.locator('.frame[data-direction=in][data-event=message]');
  await echo.waitFor();
  for (const frame of [sent, echo]) {
    expect(JSON.parse((await frame.locator('.frame-text').textContent())!)).toMatchObject({ event: 'message', data: 'hello, RunFlow 你好' });
    expect(await frame.locator('time').textContent()).toMatch(/^\d\d:\d\d:\d\d\.\d{3}$/);
    expect(await frame.locator('.frame-size').textContent()).toMatch(/^\d+ B$/);
  }
  await echo.locator('summary').click();
  await echo.locator('pre').waitFor();
  await screenshot(page, 'console-echo');
  await page.click('.connect button');
  await page.locator('.frame[data-direction=note]', { hasText: 'code 1000' }).waitFor();
  expect(await close(tab)).toEqual([]);
});

test('any event with data; pause holds frames back; clear forgets', async () => {
  const tab = await open(browser, '/websocket');
  const { page } = tab;
  await page.selectOption('#protocol', 'runflow.v1.batch');
  await page.click('.connect button');
  await page.getByText('opened, subprotocol runflow.v1.batch').waitFor();
  await page.locator('.frame[data-event=connected]').waitFor();
  await page.getByRole('button', { name: 'ping', exact: true }).click();
  await page.getByRole('button', { name: 'Send event' }).click();
  await page.locator('.frame[data-direction=in][data-event=pong]').waitFor();
  await page.getByRole('button', { name: 'Clear' }).click();
  expect(await page.locator('.frame').count()).toBe(0);
  await page.getByRole('button', { name: 'Pause' }).click();
  await page.getByRole('button', { name: 'Send event' }).click();
  await page.getByRole('button', { name: 'Resume (2 held)' }).waitFor();
  expect(await page.locator('.frame').count()).toBe(0);
  await page.getByRole('button', { name: 'Resume (2 held)' }).click();
  await expect.poll(() => page.locator('.frame').count()).toBe(2);
  await page.fill('#data', '{"not json');
  expect(await page.getByRole('button', { name: 'Send event' }).isDisabled()).toBe(true);
  await page.getByText('This is no JSON.').waitFor();
  expect(await close(tab)).toEqual([]);
});
