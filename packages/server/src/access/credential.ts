import type { ClientInfo } from './client-info.js';
import type { RequestedStream } from './guard.js';

/** What came of one kind of credentials. The words of a denial are for the person who has the credential. */
export type CredentialResult =
  | { readonly outcome: 'valid' }
  /** The client gave none of this kind. */
  | { readonly outcome: 'missing'; readonly description: string }
  | { readonly outcome: 'wrong'; readonly description: string };

export const validCredential: CredentialResult = { outcome: 'valid' };

/** Nothing that we accept is longer, and all of it is hashed. */
const maxCredentialLength = 8192;

/** What no credential is: whoever looks at it finds that it is wrong. */
const unusable = '\0';

/**
 * What the client wrote as `name=…` behind the stream's name or, failing that, behind the address it connected to.
 * `undefined` where it wrote nothing. What is longer than any credential, or there twice with two values, is returned as
 * text that is never right: of the two a webhook or an application might go by the one that was not looked at.
 */
export function findCredential(client: ClientInfo, stream: RequestedStream, name: string): string | undefined {
  for (const query of [stream.query, client.query]) {
    const [value, ...others] = query.getAll(name).filter((each) => each !== '');
    if (value === undefined) continue;
    return value.length > maxCredentialLength || others.some((other) => other !== value) ? unusable : value;
  }
  return undefined;
}

/** The last one: programs that add their parameters to a query do so at its end. */
export function lastValue(query: URLSearchParams, name: string): string | undefined {
  return query.getAll(name).at(-1);
}
