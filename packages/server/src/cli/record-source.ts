import { NetConnection, type NetStreamEvent, parseRtmpUrl } from '@millrace/client';
import { FlvDemuxer, messageTypes, type RawMessage } from '@millrace/protocol';
import { shown } from './danmu-line.js';
import { StartError } from './start-error.js';

export interface RecordSourceOptions {
  /** Where to begin in a recording, ms; `undefined`: a live stream, or the beginning. */
  readonly startMs: number | undefined;
  /** How much of it is wanted, ms; `undefined`: all. */
  readonly durationMs: number | undefined;
  /** Aborted when no more is wanted: the messages end, or the signal's reason is thrown. */
  readonly signal: AbortSignal;
}

/** The server may send so far ahead: recordings come as fast as the network and the disk take them. */
const bufferMs = 36_000_000;
/** What ends a stream that is played. Servers say one or more of them. */
const endCodes = new Set(['NetStream.Play.UnpublishNotify', 'NetStream.Play.Stop', 'NetStream.Play.Complete']);
/** Data by which a server speaks to the player; it is none of the stream. */
const serverHandlers = new Set(['onStatus', 'onPlayStatus', '|RtmpSampleAccess']);
const maxReasonLength = 200;

/**
 * The messages of a stream, as a player gets them, until the stream ends.
 *
 * @throws StartError where there is no such stream, and what the client and `fetch` throw.
 */
export function recordSource(url: string, options: RecordSourceOptions): AsyncGenerator<RawMessage, void> {
  return /^https?:/i.test(url) ? httpMessages(url, options) : rtmpMessages(url, options);
}

async function* rtmpMessages(url: string, options: RecordSourceOptions): AsyncGenerator<RawMessage, void> {
  const { startMs, durationMs, signal } = options;
  const target = parseRtmpUrl(url);
  if (target.streamName === undefined) {
    throw new StartError(`${url} names no stream: give the URL of one, such as rtmp://HOST/live/test`);
  }
  const connection = await NetConnection.connect(target, { signal });
  try {
    const stream = await connection.createStream({ signal });
    const close = (): void => stream.close();
    signal.addEventListener('abort', close, { once: true });
    await stream.play(target.streamName, {
      bufferMs,
      signal,
      ...(startMs !== undefined && { startMs }),
      // Servers differ on what it means for a live stream; there it is counted here.
      ...(startMs !== undefined && durationMs !== undefined && { durationMs }),
    });
    for await (const event of stream) {
      if (signal.aborted || isEnd(event)) return;
      const message = messageOf(event);
      if (message !== undefined) yield message;
    }
    if (!signal.aborted) throw new StartError('the server closed the connection');
  } finally {
    await connection.close();
  }
}

function isEnd(event: NetStreamEvent): boolean {
  switch (event.type) {
    case 'status':
    case 'playStatus':
      return endCodes.has(event.status.code);
    case 'userControl':
      return event.event.type === 'streamEof';
    case 'data':
    case 'audio':
    case 'video':
      return false;
    default:
      return event satisfies never;
  }
}

function messageOf(event: NetStreamEvent): RawMessage | undefined {
  if (event.type !== 'audio' && event.type !== 'video' && event.type !== 'data') return undefined;
  const { timestamp, payload } = event;
  const message = { timestamp, payload, messageStreamId: 0 };
  if (event.type === 'audio') return { ...message, messageTypeId: messageTypes.audio };
  if (event.type === 'video') return { ...message, messageTypeId: messageTypes.video };
  const [handler] = ('values' in event ? event.values : undefined) ?? [];
  if (typeof handler === 'string' && serverHandlers.has(handler)) return undefined;
  // The handler's name comes first, so that a byte 0 is the format byte of the message type for AMF3.
  const messageTypeId = payload[0] === 0 ? messageTypes.dataAmf3 : messageTypes.dataAmf0;
  return { ...message, messageTypeId };
}

async function* httpMessages(url: string, options: RecordSourceOptions): AsyncGenerator<RawMessage, void> {
  const { startMs, signal } = options;
  const address = toUrl(url);
  if (startMs !== undefined) address.searchParams.set('start', String(startMs / 1000));
  // `fetch` takes none in the address.
  const credentials = `${decodeURIComponent(address.username)}:${decodeURIComponent(address.password)}`;
  const headers = credentials === ':' ? {} : { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` };
  address.username = '';
  address.password = '';
  const response = await fetch(address, { signal, headers });
  if (!response.ok || response.body === null) throw new StartError(`${url}: ${await refusalOf(response)}`);
  const demuxer = new FlvDemuxer();
  for await (const bytes of response.body) {
    demuxer.push(bytes);
    for (let item = demuxer.next(); item !== undefined; item = demuxer.next()) {
      if (signal.aborted) return;
      // Encrypted tags have a header of their own that is no message's.
      if (item.kind !== 'tag' || item.filtered) continue;
      const { tagType, timestamp, payload } = item;
      yield { messageTypeId: tagType, messageStreamId: 0, timestamp: timestamp >>> 0, payload };
    }
  }
  demuxer.end();
}

function toUrl(url: string): URL {
  try {
    return new URL(url);
  } catch {
    throw new StartError(`${url} is no URL`);
  }
}

/** What the answer says to a person. */
async function refusalOf(response: Response): Promise<string> {
  const { status } = response;
  if (status === 404) return 'there is no such stream (404)';
  const reason = shown((await response.text().catch(() => '')).slice(0, maxReasonLength)).trim();
  const because = reason === '' ? '' : `: ${reason}`;
  if (status === 401 || status === 403) return `the server refuses (${status})${because}`;
  return `the server answered ${status}${because}`;
}
