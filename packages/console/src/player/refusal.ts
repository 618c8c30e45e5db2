const timeoutMs = 5000;
const maxReasonLength = 300;
const unauthorized = 401;
const forbidden = 403;

/** Whether a status says that this person may not watch. */
export function isRefusal(status: unknown): boolean {
  return status === unauthorized || status === forbidden;
}

/**
 * Why a stream is not for this person; `undefined` where it is, or the server cannot be asked. `url`: of HTTP-FLV. What
 * a server says when it does not open a WebSocket is hidden from pages, so this is how to learn it.
 */
export async function askRefusal(url: string): Promise<string | undefined> {
  const asking = new AbortController();
  const timer = setTimeout(() => asking.abort(), timeoutMs);
  try {
    const response = await fetch(url, { cache: 'no-store', signal: asking.signal });
    if (!isRefusal(response.status)) return undefined;
    const answer: unknown = await response.json().catch(() => undefined);
    return readReason(answer) ?? 'The server refuses it.';
  } catch {
    return undefined;
  } finally {
    clearTimeout(timer);
    // The stream itself is not wanted.
    asking.abort();
  }
}

/** The message of `{ "error": …, "message": … }`. */
export function readReason(answer: unknown): string | undefined {
  const message = typeof answer === 'object' && answer !== null && 'message' in answer ? answer.message : undefined;
  return typeof message === 'string' && message !== '' ? message.slice(0, maxReasonLength) : undefined;
}
