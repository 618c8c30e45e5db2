const text = 'This is a port for RTMP. The web page is on another one.\n';
const head = [
  'HTTP/1.1 400 Bad Request',
  'content-type: text/plain',
  `content-length: ${text.length}`,
  'connection: close',
];

/** What those are told who speak HTTP on a port for RTMP, and ask for no tunnel. */
export const httpHint = {
  /** For the log. */
  reason: 'it speaks HTTP, and this port is for RTMP',
  text,
  /** As it stands on the wire. */
  answer: `${head.join('\r\n')}\r\n\r\n${text}`,
} as const;
