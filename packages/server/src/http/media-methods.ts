import type { ServerResponse } from 'node:http';
import { answer, crossOrigin } from './plain-answer.js';

const allowed = 'GET, HEAD, OPTIONS';

/** Answers what is neither GET nor HEAD where there is media: preflights of pages, and mistakes. */
export function answerOtherMethod(method: string | undefined, response: ServerResponse): void {
  if (method === 'OPTIONS') {
    response.writeHead(204, {
      ...crossOrigin,
      'access-control-allow-methods': allowed,
      'access-control-allow-headers': '*',
      'access-control-max-age': '86400',
      allow: allowed,
    });
    response.end();
    return;
  }
  answer(response, {
    status: 405,
    error: 'method-not-allowed',
    message: 'Streams are published over RTMP and only watched here.',
    headers: { allow: allowed, ...crossOrigin },
  });
}

/** On a connection with an earlier request still unanswered the response gets the socket when its turn comes. */
export function inTurn(response: ServerResponse, open: () => void): void {
  if (response.socket === null) response.once('socket', open);
  else open();
}
