import { RtmpRemoteError } from '@millrace/protocol';

/**
 * Asks a server for its time: `http://HOST:8080/clock`. Resolves to what is to be added to this machine's clock to get
 * the server's, in ms, as good as half the time that the request takes. Throws `RtmpRemoteError` `ERR_CLOCK_ANSWER`, and
 * what `fetch` throws.
 */
export async function fetchClockOffset(url: string | URL, options: { signal?: AbortSignal } = {}): Promise<number> {
  const { signal } = options;
  const askedAtMs = Date.now();
  const response = await fetch(url, signal ? { signal } : {});
  const answer: unknown = response.ok ? await response.json().catch(() => undefined) : undefined;
  const answeredAtMs = Date.now();
  const serverMs = typeof answer === 'object' && answer !== null && 'data' in answer ? answer.data : undefined;
  if (typeof serverMs !== 'number' || !Number.isFinite(serverMs)) {
    throw new RtmpRemoteError('ERR_CLOCK_ANSWER', `${new URL(url).host} did not answer with a time`);
  }
  return serverMs - (askedAtMs + answeredAtMs) / 2;
}
