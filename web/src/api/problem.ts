/** An RFC 9457 answer of the server, or the lack of any answer (`status` 0, `code` `unreachable`). */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly title: string,
    readonly detail: string,
    readonly errors: readonly { field: string; detail: string }[] = [],
  ) {
    super(detail || title);
  }

  /** Reads the problem out of an answer that is not 2xx, whatever its body is. */
  static async of(response: Response): Promise<Problem> {
    const body = (await response.json().catch(() => ({}))) as Partial<Problem>;
    return new Problem(
      response.status,
      body.code ?? `http_${response.status}`,
      body.title ?? (response.statusText || `HTTP ${response.status}`),
      body.detail ?? '',
      Array.isArray(body.errors) ? body.errors : [],
    );
  }

  static unreachable(cause: unknown): Problem {
    return new Problem(0, 'unreachable', 'No answer', cause instanceof Error ? cause.message : String(cause));
  }
}
