import type { ServerResponse } from 'node:http';

/**
 * Sends what comes, as fast as it is taken: of the rest there is one piece in memory, and what the response holds. Ends the
 * response; closes the connection instead where the pieces end too early, which they tell by throwing. Who takes nothing for
 * `stallTimeoutMs` is closed. Resolves when everything was handed to the system, or the connection is closed.
 *
 * @throws what the pieces throw
 */
export async function sendBody(
  response: ServerResponse,
  pieces: AsyncIterable<Uint8Array>,
  stallTimeoutMs: number,
): Promise<void> {
  try {
    for await (const piece of pieces) {
      if (isGone(response)) return;
      if (piece.length === 0) continue;
      if (!response.write(piece)) await oneOf(response, 'drain', stallTimeoutMs);
      if (isGone(response)) return;
    }
  } catch (error) {
    // A whole response must not be taken for what this is.
    response.destroy();
    throw error;
  }
  response.end();
  if (!response.writableFinished) await oneOf(response, 'finish', stallTimeoutMs);
}

function isGone(response: ServerResponse): boolean {
  return response.destroyed || response.socket?.destroyed !== false;
}

/** Resolves when that happens or the connection closes, which it is made to after the time. */
function oneOf(response: ServerResponse, event: 'drain' | 'finish', timeoutMs: number): Promise<void> {
  return new Promise((resolve) => {
    if (isGone(response)) {
      resolve();
      return;
    }
    const timer = setTimeout(() => response.destroy(), timeoutMs);
    const done = (): void => {
      clearTimeout(timer);
      response.off(event, done);
      response.off('close', done);
      resolve();
    };
    response.once(event, done);
    response.once('close', done);
  });
}
