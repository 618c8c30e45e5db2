/** By name instead of by class: an application may have found another copy of this package. */
const refusalName = 'Refusal';

/** What `reject` and `redirect` make: to be thrown by a handler or a procedure. */
export class Refusal extends Error {
  override readonly name = refusalName;
  /** The status code, such as `NetStream.Publish.Denied`; `undefined`: the usual one of what is refused. */
  readonly code: string | undefined;
  /** Where the client is sent instead; only `onConnect` can do so. */
  readonly redirectUrl: string | undefined;

  constructor(
    description: string,
    options: { readonly code?: string | undefined; readonly redirectUrl?: string } = {},
  ) {
    super(description);
    this.code = options.code;
    this.redirectUrl = options.redirectUrl;
  }
}

/**
 * Refuses what the handler or procedure was asked for: `throw reject('Wrong key.')`. The client is shown `description`.
 * `code`: a status code other than the usual one of a refused connect, publish, play or call.
 */
export function reject(description: string, code?: string): Refusal {
  return new Refusal(description, { code });
}

/** Refuses a connection and names another address: `throw redirect('rtmp://other.example/live')` in `onConnect`. */
export function redirect(url: string): Refusal {
  return new Refusal(`Connect to ${url} instead.`, { redirectUrl: url });
}

export function isRefusal(error: unknown): error is Refusal {
  return error instanceof Refusal || (error instanceof Error && error.name === refusalName && 'redirectUrl' in error);
}
