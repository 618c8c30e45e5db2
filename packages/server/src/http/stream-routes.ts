import type { HttpBindings } from '@hono/node-server';
import { Hono } from 'hono';
import { answerError, type PageContext } from './answer-error.js';
import type { PlayerList, StreamList } from './api-types.js';
import { readLimit } from './read-limit.js';
import type { StreamSource } from './stream-source.js';

const listPath = '/api/v1/streams';
const playersPattern = /^\/api\/v1\/streams\/([^/]+)\/(.+)\/players$/s;
const jsonHeaders = { 'cache-control': 'no-store', 'content-type': 'application/json; charset=utf-8' } as const;
const maxPlayers = 10_000;

/** The part of the API that is about streams: what is published, and who is sent it. */
export function createStreamRoutes(
  streams: Pick<StreamSource, 'snapshot' | 'players'>,
): Hono<{ Bindings: HttpBindings }> {
  const routes = new Hono<{ Bindings: HttpBindings }>();
  // No CORS here, unlike media: who publishes from where is not for every page that a viewer happens to visit.
  routes.get(listPath, (context) =>
    context.json({ streams: streams.snapshot() } satisfies StreamList, 200, jsonHeaders),
  );
  routes.get(`${listPath}/*`, (context) => answerPlayers(context, streams));
  for (const path of [listPath, `${listPath}/*`]) {
    routes.all(path, (context) => {
      context.header('allow', 'GET, HEAD');
      return answerError(context, 405, 'method-not-allowed', `${context.req.method} is not possible here.`);
    });
  }
  return routes;
}

function answerPlayers(context: PageContext, streams: Pick<StreamSource, 'players'>): Response {
  // As it was sent: a slash that is part of a name is encoded in it.
  const [, app, name] = playersPattern.exec(new URL(context.req.url).pathname) ?? [];
  if (app === undefined || name === undefined) {
    return answerError(context, 404, 'not-found', 'Of a stream there is the list of players: APP/NAME/players.');
  }
  const limit = readLimit(context.req.query('limit'), { standard: 1000, max: maxPlayers });
  if (limit === undefined) {
    return answerError(context, 400, 'bad-request', `limit is a number from 0 to ${maxPlayers}.`);
  }
  const players = streams.players(decodeURIComponent(app), decodeURIComponent(name), limit);
  if (players === undefined) return answerError(context, 404, 'not-published', 'There is no such stream now.');
  return context.json(players satisfies PlayerList, 200, jsonHeaders);
}
