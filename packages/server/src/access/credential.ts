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

/**
 * What the client wrote as `name=…` behind the stream's name or, failing that, behind the address it connected to.
 * `undefined` where it wrote nothing, or more than any credential has.
 */
export function findCredential(client: ClientInfo, stream: RequestedStream, name: string): string | undefined {
  const value = lastValue(stream.query, name) ?? lastValue(client.query, name);
  return value === undefined || value === '' || value.length > maxCredentialLength ? undefined : value;
}

/** The last one: programs that add their parameters to a query do so at its end. */
export function lastValue(query: URLSearchParams, name: string): string | undefined {
  return query.getAll(name).at(-1);
}
