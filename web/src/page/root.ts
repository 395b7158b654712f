/**
 * An address under the root of the server, as the page sees it: the page says in `data-root` where the root lies from
 * its own address, so that everything works behind any path prefix.
 */
export function address(path: string): string {
  return new URL(path, new URL(document.documentElement.dataset['root'] ?? '.', location.href)).href;
}

/** The address of the WebSocket. */
export function socketAddress(): string {
  return address('ws').replace(/^http/, 'ws');
}

/** The address of a task's page. */
export function taskAddress(id: string): string {
  return address(`tasks/${encodeURIComponent(id)}`);
}
