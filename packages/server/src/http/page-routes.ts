import type { HttpBindings } from '@hono/node-server';
import { Hono } from 'hono';
import type { Logger } from '../log/index.js';
import { answerError, type PageContext } from './answer-error.js';
import type { ServerInfo } from './api-types.js';
import type { ConsoleFile } from './console-files.js';
import { createGatewayRoutes, type GatewayRoutesOptions } from './gateway-routes.js';
import type { MetricsSource } from './metrics-source.js';
import { apiNotAllowed } from './plain-answer.js';
import { createRecordingRoutes } from './recording-routes.js';
import type { RecordingSource } from './recording-source.js';
import { answerClock, createServiceRoutes } from './service-routes.js';
import type { ServiceSource } from './service-source.js';
import { createSharedObjectRoutes } from './shared-object-routes.js';
import type { SharedObjectSource } from './shared-object-source.js';
import { createStreamRoutes } from './stream-routes.js';
import type { StreamSource } from './stream-source.js';
import { addressOf } from './visitor-of.js';

export interface PageRoutesOptions {
  readonly streams: Pick<StreamSource, 'snapshot' | 'players'>;
  readonly services: ServiceSource;
  readonly sharedObjects: SharedObjectSource;
  readonly recordings: RecordingSource;
  /** Whether somebody at this address may delete recordings. */
  readonly mayDelete: (address: string) => boolean;
  readonly metrics: MetricsSource;
  readonly serverInfo: () => ServerInfo;
  readonly files: ReadonlyMap<string, ConsoleFile>;
  readonly logger: Logger;
  readonly gateway: GatewayRoutesOptions;
  /** Whether somebody at this address may use the page and the API. */
  readonly isAllowed: (address: string) => boolean;
}

/**
 * Streams' names are chosen by publishers and shown in the page: whatever they hold, no script but our own runs there.
 * `blob:` is where media sources and the player's worker live; `connect-src` allows a stream from another port or host.
 */
const contentSecurityPolicy = [
  "default-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "media-src 'self' blob:",
  "worker-src 'self' blob:",
  "connect-src 'self' http: https: ws: wss:",
  "frame-ancestors 'self'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

/** Everything but media: the API, the health check, Flash Remoting, and the console. */
export function createPageRoutes({
  streams,
  services,
  sharedObjects,
  recordings,
  mayDelete,
  metrics,
  serverInfo,
  files,
  logger,
  gateway,
  isAllowed,
}: PageRoutesOptions): Hono<{ Bindings: HttpBindings }> {
  const routes = new Hono<{ Bindings: HttpBindings }>();

  routes.use(async (context, next) => {
    await next();
    context.header('x-content-type-options', 'nosniff');
  });
  // Before the rule of addresses: it says nothing, and a load balancer asks from anywhere; calls have rules of their own.
  routes.get('/healthz', (context) => context.text('ok', 200, { 'cache-control': 'no-store' }));
  routes.get('/clock', answerClock);
  for (const path of ['/healthz', '/clock']) routes.all(path, methodNotAllowed);
  routes.route('/', createGatewayRoutes(gateway));
  routes.use(async (context, next) => {
    if (isAllowed(addressOf(context.env.incoming.socket))) return next();
    return answerError(context, 403, 'forbidden', apiNotAllowed.message);
  });
  routes.get('/api/v1/server', (context) => answerJson(context, serverInfo()));
  routes.get('/metrics', async (context) =>
    context.body(await metrics.text(), 200, { 'content-type': metrics.contentType, 'cache-control': 'no-store' }),
  );
  for (const path of ['/api/v1/server', '/metrics']) routes.all(path, methodNotAllowed);
  routes.route('/', createStreamRoutes(streams));
  routes.route('/', createServiceRoutes(services));
  routes.route('/', createSharedObjectRoutes(sharedObjects));
  routes.route('/', createRecordingRoutes({ recordings, mayDelete }));

  routes.get('*', (context) => {
    const path = pathOf(context);
    const file = files.get(path);
    if (file !== undefined) return answerFile(context, file);
    if (path === '/') {
      const text =
        'The web page is not built: run "npm run build", then start the server again. The API is at /api/v1/streams.\n';
      return context.text(text, 503, { 'cache-control': 'no-store' });
    }
    return answerError(context, 404, 'not-found', `There is nothing at ${path}.`);
  });
  routes.all('*', methodNotAllowed);

  routes.onError((error, context) => {
    logger.error({ err: error, path: context.req.path }, 'a request failed');
    return answerError(context, 500, 'internal', 'The server failed; its log says why.');
  });
  return routes;
}

function answerJson(context: PageContext, body: object): Response {
  return context.body(JSON.stringify(body), 200, {
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'no-store',
  });
}

function methodNotAllowed(context: PageContext): Response {
  context.header('allow', 'GET, HEAD');
  return answerError(context, 405, 'method-not-allowed', `${context.req.method} is not possible here.`);
}

function answerFile(context: PageContext, file: ConsoleFile): Response {
  context.header('cache-control', file.cacheControl);
  context.header('etag', file.etag);
  context.header('vary', 'accept-encoding');
  if (context.req.header('if-none-match')?.includes(file.etag) === true) return context.body(null, 304);
  context.header('content-type', file.contentType);
  if (file.contentType.startsWith('text/html')) {
    context.header('content-security-policy', contentSecurityPolicy);
    context.header('referrer-policy', 'no-referrer');
  }
  const acceptsGzip = /\bgzip\b(?!\s*;\s*q=0(\.0*)?\s*(,|$))/.test(context.req.header('accept-encoding') ?? '');
  const compressed = acceptsGzip ? file.compressed() : undefined;
  if (compressed === undefined) return context.body(file.content);
  context.header('content-encoding', 'gzip');
  return context.body(compressed);
}

/** The decoded path; one that cannot be decoded was refused before. */
function pathOf(context: PageContext): string {
  return decodeURIComponent(new URL(context.req.url).pathname);
}
