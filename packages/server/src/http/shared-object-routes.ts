import type { HttpBindings } from '@hono/node-server';
import { amfToPlainWithin } from '@millrace/protocol';
import { Hono } from 'hono';
import { answerError, type PageContext } from './answer-error.js';
import type { SharedObjectList, SharedObjectSlot } from './api-types.js';
import { readLimit } from './read-limit.js';
import type { SharedObjectSource, SlotRead } from './shared-object-source.js';

const listPath = '/api/v1/shared-objects';
const objectPattern = /^\/api\/v1\/shared-objects\/([^/]+)\/(.+)$/s;
const jsonHeaders = { 'cache-control': 'no-store', 'content-type': 'application/json; charset=utf-8' } as const;
const defaultSlots = 1000;
const maxSlots = 10_000;
/** Of the values together, in characters of JSON: an object of 1 MiB as AMF can ask for much more, and is asked for every second. */
const maxContentLength = 4 * 1024 * 1024;
/** Of one value, as far as it repeats itself. */
const maxRepeatedLength = 256 * 1024;

/** The part of the API that is about shared objects: which there are, and what is in them. */
export function createSharedObjectRoutes(objects: SharedObjectSource): Hono<{ Bindings: HttpBindings }> {
  const routes = new Hono<{ Bindings: HttpBindings }>();
  // No CORS here: what applications share is not for every page that somebody happens to visit.
  routes.get(listPath, (context) =>
    context.json({ sharedObjects: objects.snapshot() } satisfies SharedObjectList, 200, jsonHeaders),
  );
  routes.get(`${listPath}/*`, (context) => answerObject(context, objects));
  for (const path of [listPath, `${listPath}/*`]) {
    routes.all(path, (context) => {
      context.header('allow', 'GET, HEAD');
      return answerError(context, 405, 'method-not-allowed', `${context.req.method} is not possible here.`);
    });
  }
  return routes;
}

function answerObject(context: PageContext, objects: SharedObjectSource): Response {
  // As it was sent: a slash that is part of an application's instance is encoded in it.
  const [, app, name] = objectPattern.exec(new URL(context.req.url).pathname) ?? [];
  const persistent = context.req.query('persistent');
  if (persistent !== undefined && persistent !== 'true' && persistent !== 'false') {
    return answerError(context, 400, 'bad-request', 'persistent is true or false.');
  }
  const limit = readLimit(context.req.query('limit'), { standard: defaultSlots, max: maxSlots });
  if (limit === undefined) return answerError(context, 400, 'bad-request', `limit is a number from 0 to ${maxSlots}.`);
  const found =
    app === undefined || name === undefined
      ? undefined
      : objects.read(decodeURIComponent(app), decodeURIComponent(name));
  if (found === undefined || (persistent !== undefined && String(found.info.persistent) !== persistent)) {
    return answerError(context, 404, 'not-found', 'Nobody uses such a shared object now.');
  }
  const head = JSON.stringify(found.info).slice(0, -1);
  return context.body(`${head},"values":[${slotTexts(found.slots, limit).join(',')}]}`, 200, jsonHeaders);
}

/** As JSON, one by one, so that what is too long is noticed before there is more of it. */
function slotTexts(slots: Iterable<SlotRead>, limit: number): string[] {
  const texts: string[] = [];
  let length = 0;
  for (const slot of slots) {
    if (texts.length >= limit) break;
    const whole = length < maxContentLength ? slotText(slot) : undefined;
    const fits = whole !== undefined && length + whole.length <= maxContentLength;
    const { name, version } = slot;
    const text = fits
      ? whole
      : JSON.stringify({ name, version, value: null, omitted: true } satisfies SharedObjectSlot);
    length += text.length;
    texts.push(text);
  }
  return texts;
}

/** `undefined`: the value is nested too deeply for JSON. */
function slotText({ name, version, value }: SlotRead): string | undefined {
  try {
    return JSON.stringify({
      name,
      version,
      value: amfToPlainWithin(value, maxRepeatedLength),
    } satisfies SharedObjectSlot);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
