import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';

/** The server under test: whoever runs the suite starts it and says where it listens. */
export const server = required('RUNFLOW_URL').replace(/\/+$/, '');
/** Where screenshots go; none are made without it. */
const artifacts = process.env['RUNFLOW_ARTIFACTS'];

export interface Look {
  width?: number;
  height?: number;
  theme?: 'light' | 'dark';
  locale?: 'en-US' | 'zh-CN';
  reducedMotion?: boolean;
}

/** A tab, and everything that went wrong in it. */
export interface Tab {
  page: Page;
  context: BrowserContext;
  faults: string[];
}

declare global {
  interface Window {
    violations: string[];
  }
}

export function launch(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
    args: [
      '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
      '--disable-background-networking', '--disable-component-update', '--disable-sync',
    ],
  });
}

/** Opens a page of the server in a browser of its own (no storage), and notes every fault: errors, CSP, foreign requests. */
export async function open(browser: Browser, path: string, look: Look = {}): Promise<Tab> {
  const context = await browser.newContext({
    viewport: { width: look.width ?? 1280, height: look.height ?? 800 },
    colorScheme: look.theme ?? 'light',
    locale: look.locale ?? 'en-US',
    reducedMotion: look.reducedMotion ? 'reduce' : 'no-preference',
  });
  const page = await context.newPage();
  const faults: string[] = [];
  page.on('console', (message) => message.type() === 'error' && faults.push(`console: ${message.text()}`));
  page.on('pageerror', (error) => faults.push(`error: ${error.message}`));
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (url.protocol !== 'data:' && url.host !== new URL(server).host) faults.push(`request to ${url.href}`);
  });
  await page.addInitScript(() => {
    window.violations = [];
    addEventListener('securitypolicyviolation', (event) => {
      window.violations.push(`${event.effectiveDirective} ${event.blockedURI}`);
    });
  });
  await page.goto(server + path);
  return { page, context, faults };
}

/** Closes the tab, and gives all that went wrong in it. */
export async function close(tab: Tab): Promise<string[]> {
  const violations = await tab.page.evaluate(() => window.violations);
  await tab.context.close();
  return [...tab.faults, ...violations.map((violation) => `policy: ${violation}`)];
}

export async function screenshot(page: Page, name: string): Promise<void> {
  if (!artifacts) return;
  mkdirSync(artifacts, { recursive: true });
  // The caret stays: to hide it Playwright would add a style, which the page's policy refuses.
  await page.screenshot({ path: join(artifacts, `${name}.png`), caret: 'initial' });
}

/** Calls the server as a program does. */
export async function call<T>(path: string, body?: unknown): Promise<T> {
  const init = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } };
  const response = await fetch(server + path, { ...init, headers: { Accept: 'application/json', ...init.headers } });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as T;
}

function required(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: the suite needs a server that runs`);
  return value;
}
