import type { HttpBindings } from '@hono/node-server';
import { RtmpRemoteError } from '@millrace/protocol';
import { Hono } from 'hono';
import { answerError, type PageContext } from './answer-error.js';
import { gatewayPolicy, masterPolicy } from './cross-domain-policy.js';
import type { AnswerRemoting } from './remoting-post.js';
import { type BodyOutcome, BodyReader } from './request-body.js';
import { senderOf } from './visitor-of.js';

export interface GatewayRoutesOptions {
  readonly answerRemoting: AnswerRemoting;
  /** Of one packet. */
  readonly maxBodyBytes: number;
  /** Origins of the pages that may call; `*`: all of them. */
  readonly origins: readonly string[];
}

const contentType = 'application/x-amf';
/** Each waits for code of the application's; a client has no need for more than one or two. */
const maxRequests = 256;
/** Bodies that are held at a time, in times of the largest. */
const maxHeldBodies = 8;

const allowed = 'GET, HEAD, OPTIONS, POST';
const hint = `This is the gateway of Flash Remoting. NetConnection.connect() it, or POST ${contentType} here.\n`;

/** Flash Remoting: `/gateway`, and `/gateway/APP` for clients of one application. */
export function createGatewayRoutes({
  answerRemoting,
  maxBodyBytes,
  origins,
}: GatewayRoutesOptions): Hono<{ Bindings: HttpBindings }> {
  const routes = new Hono<{ Bindings: HttpBindings }>();
  const bodies = new BodyReader(maxBodyBytes, maxBodyBytes * maxHeldBodies);
  let requests = 0;

  async function post(context: PageContext): Promise<Response> {
    if (!allowOrigin(context, origins)) {
      return answerError(context, 403, 'forbidden', 'Pages of this origin may not call.');
    }
    if (!isAmf(context))
      return answerError(context, 415, 'unsupported-media-type', `Send ${contentType}, not encoded.`);
    return await bodies.read(context.env.incoming, async (outcome) => {
      if (!outcome.ok) return refuse(context, outcome.reason);
      if (requests >= maxRequests) return busy(context);
      requests += 1;
      try {
        return await answer(context, outcome.body);
      } finally {
        requests -= 1;
      }
    });
  }

  async function answer(context: PageContext, body: Uint8Array): Promise<Response> {
    const { incoming, outgoing } = context.env;
    const url = new URL(context.req.url);
    try {
      const answered = await answerRemoting({
        ...senderOf(incoming, 'http'),
        app: appOf(url.pathname),
        query: url.search.slice(1),
        body,
        isGone: () => outgoing.destroyed,
      });
      // No encoder of ours writes into shared memory.
      const bytes = answered as Uint8Array<ArrayBuffer>;
      return context.body(bytes, 200, { 'content-type': contentType, 'cache-control': 'no-store' });
    } catch (error) {
      if (!(error instanceof RtmpRemoteError)) throw error;
      const at = error.offset === undefined ? '' : ` (at byte ${error.offset})`;
      return answerError(context, 400, 'bad-request', `${error.code}: ${error.message}${at}`);
    }
  }

  function refuse(context: PageContext, reason: (BodyOutcome & { readonly ok: false })['reason']): Response {
    switch (reason) {
      case 'too-large':
        return answerError(context, 413, 'too-large', `A packet may have ${maxBodyBytes} bytes.`);
      case 'busy':
        return busy(context);
      case 'gone':
        // Nobody hears it.
        return answerError(context, 400, 'bad-request', 'The body ended early.');
      default:
        reason satisfies never;
        return busy(context);
    }
  }

  routes.get('/crossdomain.xml', (context) => answerPolicy(context, masterPolicy));
  routes.get('/gateway/crossdomain.xml', (context) => answerPolicy(context, gatewayPolicy(origins)));
  for (const path of ['/gateway', '/gateway/*']) {
    routes.post(path, post);
    routes.options(path, (context) => {
      allowOrigin(context, origins);
      context.header('access-control-allow-methods', 'POST, OPTIONS');
      context.header('access-control-allow-headers', '*, authorization');
      context.header('access-control-max-age', '86400');
      context.header('allow', allowed);
      return context.body(null, 204);
    });
    routes.get(path, (context) => context.text(hint, 200, { 'cache-control': 'no-store' }));
    routes.all(path, (context) => {
      context.header('allow', allowed);
      return answerError(context, 405, 'method-not-allowed', `${context.req.method} is not possible here.`);
    });
  }
  return routes;
}

/** Says so to the browser; `false`: pages of this origin may not call. Programs that are no browsers have none. */
function allowOrigin(context: PageContext, origins: readonly string[]): boolean {
  if (origins.includes('*')) {
    context.header('access-control-allow-origin', '*');
    return true;
  }
  context.header('vary', 'origin');
  const origin = context.req.header('origin');
  if (origin === undefined) return true;
  if (!origins.includes(origin.toLowerCase())) return false;
  context.header('access-control-allow-origin', origin);
  return true;
}

function isAmf(context: PageContext): boolean {
  const { 'content-type': type = '', 'content-encoding': encoding = 'identity' } = context.req.header();
  return /^application\/x-amf\s*(;|$)/i.test(type) && /^(identity)?$/i.test(encoding);
}

function busy(context: PageContext): Response {
  context.header('retry-after', '1');
  return answerError(context, 503, 'busy', 'Too many calls at a time.');
}

function answerPolicy(context: PageContext, text: string): Response {
  return context.body(text, 200, { 'content-type': 'text/x-cross-domain-policy', 'cache-control': 'no-store' });
}

/** What is behind `/gateway/`, without slashes at its ends. One that cannot be decoded was refused before. */
function appOf(pathname: string): string {
  return decodeURIComponent(pathname)
    .slice('/gateway'.length)
    .replace(/^\/+|\/+$/g, '');
}
