import type { HttpBindings } from '@hono/node-server';
import { Hono } from 'hono';
import { answerError, type PageContext } from './answer-error.js';
import type { RecordingDetail, RecordingList } from './api-types.js';
import { readLimit } from './read-limit.js';
import type { RecordingSource } from './recording-source.js';
import { addressOf } from './visitor-of.js';

export interface RecordingRoutesOptions {
  readonly recordings: RecordingSource;
  /** Whether somebody at this address may delete recordings. */
  readonly mayDelete: (address: string) => boolean;
}

const listPath = '/api/v1/recordings';
const jsonHeaders = { 'cache-control': 'no-store', 'content-type': 'application/json; charset=utf-8' } as const;
const defaultLimit = 100;
const maxLimit = 1000;

/** The part of the API that is about recordings: which there are, what is in them, and their end. */
export function createRecordingRoutes({
  recordings,
  mayDelete,
}: RecordingRoutesOptions): Hono<{ Bindings: HttpBindings }> {
  const routes = new Hono<{ Bindings: HttpBindings }>();
  const isDeleter = (context: PageContext): boolean => mayDelete(addressOf(context.env.incoming.socket));

  // No CORS here: without it, no page of another origin can ask for a deletion either.
  routes.get(listPath, async (context) => {
    const { app, prefix = '', search = '', cursor, order = 'newest', limit: limitText } = context.req.query();
    if (order !== 'newest' && order !== 'name') {
      return answerError(context, 400, 'bad-request', 'order is newest or name.');
    }
    const limit = readLimit(limitText, { standard: defaultLimit, max: maxLimit });
    if (limit === undefined) {
      return answerError(context, 400, 'bad-request', `limit is a number from 0 to ${maxLimit}.`);
    }
    const list = await recordings.list({ app, prefix, search, cursor, order, limit });
    if (list === undefined) return answerError(context, 400, 'bad-request', 'The cursor is none of this server.');
    return context.json({ ...list, deletable: isDeleter(context) } satisfies RecordingList, 200, jsonHeaders);
  });
  // Before the paths below it, which match it, too.
  routes.all(listPath, (context) => methodNotAllowed(context, 'GET, HEAD'));
  routes.get(`${listPath}/*`, async (context) => {
    const detail = await recordings.describe(pathOf(context));
    if (detail === undefined) return notFound(context);
    return context.json(detail satisfies RecordingDetail, 200, jsonHeaders);
  });
  routes.delete(`${listPath}/*`, async (context) => {
    if (!isDeleter(context)) {
      const message = 'Recordings are deleted by those whom access.apiFrom names.';
      return answerError(context, 403, 'forbidden', message);
    }
    const outcome = await recordings.remove(pathOf(context));
    switch (outcome) {
      case 'removed':
        return context.body(null, 204, { 'cache-control': 'no-store' });
      case 'absent':
        return notFound(context);
      case 'recording':
        return answerError(context, 409, 'recording', 'It is being recorded.');
      default:
        return outcome satisfies never;
    }
  });
  routes.all(`${listPath}/*`, (context) => methodNotAllowed(context, 'GET, HEAD, DELETE'));
  return routes;
}

/** The decoded path behind the prefix; one that cannot be decoded was refused before. */
function pathOf(context: PageContext): string {
  return decodeURIComponent(rawPathOf(context).slice(listPath.length + 1));
}

/** As it was sent: a URL would take `..` out, and what stands before them. */
function rawPathOf(context: PageContext): string {
  const target = (context.env.incoming.url ?? '').replace(/^https?:\/\/[^/?]*/i, '');
  return target.split('?', 1)[0] ?? '';
}

function notFound(context: PageContext): Response {
  return answerError(context, 404, 'not-found', 'There is no such recording.');
}

function methodNotAllowed(context: PageContext, allow: string): Response {
  context.header('allow', allow);
  return answerError(context, 405, 'method-not-allowed', `${context.req.method} is not possible here.`);
}
