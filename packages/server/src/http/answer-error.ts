import type { HttpBindings } from '@hono/node-server';
import type { Context } from 'hono';
import type { ApiError } from './api-types.js';

export type PageContext = Context<{ Bindings: HttpBindings }>;

/** Answers with an error; headers that are set already stay. */
export function answerError(
  context: PageContext,
  status: 400 | 403 | 404 | 405 | 409 | 413 | 415 | 500 | 503,
  error: string,
  message: string,
): Response {
  return context.body(JSON.stringify({ error, message } satisfies ApiError), status, {
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'no-store',
  });
}
