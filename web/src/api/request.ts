import { clock } from '../format/clock';
import { address } from '../page/root';
import { Problem } from './problem';

/** Calls the server at a path under the page's root. Throws a `Problem` for everything but a 2xx answer. */
export async function request(path: string, init: RequestInit & { json?: unknown } = {}): Promise<Response> {
  const { json, ...rest } = init;
  const headers = new Headers({ Accept: 'application/json, application/problem+json', ...init.headers });
  if (json !== undefined) headers.set('Content-Type', 'application/json');
  const body = json === undefined ? (init.body ?? null) : JSON.stringify(json);
  let response: Response;
  try {
    response = await fetch(address(path), { cache: 'no-store', ...rest, headers, body });
  } catch (cause) {
    if (init.signal?.aborted) throw cause;
    throw Problem.unreachable(cause);
  }
  clock.learn(response.headers.get('Date'));
  if (!response.ok) throw await Problem.of(response);
  return response;
}
