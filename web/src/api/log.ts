import { request } from './request';

/** Says the number of the first line of an answer: needed with `tail`, where the page cannot know it. */
const FROM_HEADER = 'Runflow-Log-From';

export interface Lines {
  from: number;
  lines: string[];
}

const path = (id: string) => `tasks/${encodeURIComponent(id)}/logs`;

/** The raw log's address. */
export const logPath = path;

/** The last lines of a log, `count` at most. */
export async function logTail(id: string, count: number): Promise<Lines> {
  const response = await request(`${path(id)}?tail=${count}`, { headers: { Accept: 'text/plain' } });
  const lines = split(await response.text());
  const from = Number(response.headers.get(FROM_HEADER));
  if (from > 0) return { from, lines };
  // A shorter answer is the whole log. Otherwise only reading it all tells the numbers.
  return lines.length < count ? { from: 1, lines } : logFrom(id, 1);
}

/** The log from a line on. */
export async function logFrom(id: string, from: number): Promise<Lines> {
  const response = await request(`${path(id)}?from=${from}`, { headers: { Accept: 'text/plain' } });
  return { from, lines: split(await response.text()) };
}

function split(text: string): string[] {
  if (text === '') return [];
  return (text.endsWith('\n') ? text.slice(0, -1) : text).split('\n');
}
