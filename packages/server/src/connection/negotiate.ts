import type { ConnectRequest } from '@millrace/protocol';

/** Longer lists than this are not looked at. */
const maxListLength = 1024;

/**
 * The member `negotiate` of the answer to a `connect` that has one: of the transports that the client names, best first,
 * the first that this server offers. Nothing where there is none: the client stays with the one it came by.
 */
export function negotiated(
  { commandObject }: Pick<ConnectRequest, 'commandObject'>,
  offered: readonly string[],
): { readonly negotiate?: string } {
  const wanted = commandObject.get('negotiate');
  if (typeof wanted !== 'string' || wanted.length > maxListLength) return {};
  const chosen = wanted
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .find((name) => offered.includes(name));
  return chosen === undefined ? {} : { negotiate: chosen };
}
