import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { crossOrigin, type PlainAnswer } from './plain-answer.js';
import type { VisitOutcome, Visitor } from './visit.js';

/** Who sends a request, as far as it tells. `close` is the caller's: what that closes may come to be later. */
export function visitorOf(
  request: IncomingMessage,
  transport: Visitor['transport'],
  { app, name, query }: Pick<Visitor, 'app' | 'name' | 'query'>,
): Omit<Visitor, 'close'> {
  return { transport, app, name, query, ...senderOf(request, transport === 'ws-flv' ? 'ws' : 'http') };
}

/** What any request tells of its sender. */
export function senderOf(
  { socket, headers, url = '/' }: IncomingMessage,
  scheme: 'http' | 'ws',
): Pick<Visitor, 'address' | 'tls' | 'url' | 'referer' | 'userAgent' | 'bearerToken'> {
  const tls = 'encrypted' in socket;
  return {
    address: addressOf(socket),
    tls,
    url: url.startsWith('/') ? `${scheme}${tls ? 's' : ''}://${headers.host ?? ''}${url}` : url,
    referer: headers.referer ?? '',
    userAgent: headers['user-agent'] ?? '',
    bearerToken: /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1],
  };
}

/** `203.0.113.7` or `2001:db8::7`; empty when it is not known any more. */
export function addressOf({ remoteAddress = '' }: Socket): string {
  return remoteAddress.replace(/^::ffff:/, '');
}

/** The answer to somebody who may not watch. */
export function refused({
  kind,
  description: message,
  redirectUrl,
}: VisitOutcome & { readonly ok: false }): PlainAnswer {
  if (kind === 'credentials') {
    const headers = { ...crossOrigin, 'www-authenticate': 'Bearer' };
    return { status: 401, error: 'unauthorized', message, headers };
  }
  // Only to where an HTTP client can go. Others would follow it into nothing.
  if (redirectUrl !== undefined && /^(https?|wss?):/i.test(redirectUrl) && URL.canParse(redirectUrl)) {
    return {
      status: 302,
      error: 'elsewhere',
      message,
      headers: { ...crossOrigin, location: new URL(redirectUrl).href },
    };
  }
  return { status: 403, error: 'forbidden', message, headers: crossOrigin };
}
