import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Danmu } from '@millrace/protocol';
import { streamPath } from '../live/index.js';
import { version } from '../version.js';
import type { ClientInfo } from './client-info.js';
import type { RequestedPublication, RequestedStream } from './guard.js';

/** Those about access. */
export type WebhookEvent = 'on_connect' | 'on_publish' | 'on_unpublish' | 'on_play' | 'on_stop';

export type AnyWebhookEvent = WebhookEvent | 'on_danmu' | 'on_record_done';

/** A file that a stream was recorded into. */
export interface WebhookRecording {
  readonly app: string;
  readonly name: string;
  /** Relative to `media.dir`. */
  readonly file: string;
  readonly durationMs: number;
  readonly bytes: number;
}

/** The stream of an event. */
export interface WebhookStream {
  /** The same in `on_publish` and its `on_unpublish`, in `on_play` and its `on_stop`. */
  readonly id: string;
  readonly requested: RequestedStream | RequestedPublication;
  /** Since it was granted; for the events that end it. */
  readonly durationMs?: number;
  /** For `on_danmu`. */
  readonly danmu?: Danmu;
}

const server = { id: randomUUID(), host: hostname(), version };

/** The JSON text of an event; its fields are documented in docs/webhooks.md. */
export function webhookBody(
  event: AnyWebhookEvent,
  unixMs: number,
  client: ClientInfo,
  stream?: WebhookStream,
): string {
  return JSON.stringify({
    event,
    id: randomUUID(),
    time: unixMs,
    server,
    client: {
      id: client.id,
      transport: client.transport,
      address: client.address,
      tls: client.tls,
      app: client.app,
      tcUrl: client.tcUrl,
      query: queryObject(client.query),
      pageUrl: client.pageUrl,
      swfUrl: client.swfUrl,
      software: client.flashVer,
      bearerToken: client.bearerToken ?? '',
    },
    ...(stream === undefined ? {} : streamFields(client, stream)),
  });
}

/** The JSON text of `on_record_done`. */
export function recordWebhookBody(unixMs: number, { app, name, file, durationMs, bytes }: WebhookRecording): string {
  const path = streamPath({ app, name }) ?? '';
  return JSON.stringify({
    ...{ event: 'on_record_done', id: randomUUID(), time: unixMs, server },
    stream: { app, name, path },
    recording: { file, durationMs, bytes },
  });
}

function streamFields(client: ClientInfo, { id, requested, durationMs, danmu }: WebhookStream): object {
  const { name, query } = requested;
  return {
    stream: {
      id,
      app: client.app,
      name,
      path: streamPath({ app: client.app, name }) ?? '',
      query: queryObject(query),
      ...('type' in requested ? { type: requested.type } : {}),
    },
    ...(durationMs === undefined ? {} : { durationMs }),
    ...(danmu === undefined ? {} : { danmu }),
  };
}

/** Of a name that is given more than once, the first value, as `URLSearchParams.get` has it. */
function queryObject(query: URLSearchParams): Record<string, string> {
  const first = new Map<string, string>();
  for (const [name, value] of query) if (!first.has(name)) first.set(name, value);
  return Object.fromEntries(first);
}
