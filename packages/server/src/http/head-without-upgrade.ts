import type { IncomingMessage } from 'node:http';

/** Names and values of the 2000 headers that node:http keeps. */
const maxRawHeaders = 2 * 2000;

/** A request as it came, but for the header Upgrade. `undefined`: headers are missing, perhaps the length of the body. */
export function headWithoutUpgrade(request: IncomingMessage): Buffer | undefined {
  const { rawHeaders, method, url, httpVersion } = request;
  if (rawHeaders.length >= maxRawHeaders) return undefined;
  let text = `${method} ${url} HTTP/${httpVersion}\r\n`;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    if (rawHeaders[at]?.toLowerCase() !== 'upgrade') text += `${rawHeaders[at]}: ${rawHeaders[at + 1]}\r\n`;
  }
  return Buffer.from(`${text}\r\n`, 'latin1');
}
