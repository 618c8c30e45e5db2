import type { HttpBindings } from '@hono/node-server';
import { formatAss, formatStoredDanmu } from '@millrace/protocol';
import { Hono } from 'hono';
import { answerError, type PageContext } from './answer-error.js';
import type { ServiceList } from './api-types.js';
import type { ServiceSource } from './service-source.js';

const listPath = '/api/v1/services';
const danmuPattern = /^\/api\/v1\/services\/([^/]+)\/(.+)\/danmu$/s;
const noStore = { 'cache-control': 'no-store' } as const;
/** An application may have said more in one danmu than its clients can. */
const limits = { maxContentLength: 10_000 };

/** The part of the API that is about services: who is attached, and what was said. */
export function createServiceRoutes(services: ServiceSource): Hono<{ Bindings: HttpBindings }> {
  const routes = new Hono<{ Bindings: HttpBindings }>();
  routes.get(listPath, (context) =>
    context.json({ services: services.snapshot() } satisfies ServiceList, 200, noStore),
  );
  routes.get(`${listPath}/*`, (context) => exportDanmu(context, services));
  for (const path of [listPath, `${listPath}/*`]) {
    routes.all(path, (context) => {
      context.header('allow', 'GET, HEAD');
      return answerError(context, 405, 'method-not-allowed', `${context.req.method} is not possible here.`);
    });
  }
  return routes;
}

/** For publishers and players, wherever their page is: it says the time and nothing else. */
export function answerClock(context: PageContext): Response {
  return context.json({ errno: 0, errmsg: 'success', data: Date.now() }, 200, {
    ...noStore,
    'access-control-allow-origin': '*',
  });
}

function exportDanmu(context: PageContext, services: ServiceSource): Response {
  // As it was sent: a slash that is part of a name is encoded in it.
  const [, app, name] = danmuPattern.exec(new URL(context.req.url).pathname) ?? [];
  const danmu =
    app === undefined || name === undefined
      ? undefined
      : services.danmu(decodeURIComponent(app), decodeURIComponent(name));
  if (danmu === undefined) return answerError(context, 404, 'not-found', 'There is no such service.');
  const format = context.req.query('format') ?? 'json';
  switch (format) {
    case 'json': {
      const lines = danmu.map((one) => `${formatStoredDanmu(one, limits)}\n`);
      return context.body(lines.join(''), 200, { ...noStore, 'content-type': 'application/x-ndjson; charset=utf-8' });
    }
    case 'ass':
      return context.body(formatAss(danmu), 200, { ...noStore, 'content-type': 'text/x-ssa; charset=utf-8' });
    default:
      return answerError(context, 400, 'bad-request', 'format is json or ass.');
  }
}
