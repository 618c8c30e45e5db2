import { createHash } from 'node:crypto';
import { type AmfInput, encodeAmf0 } from '@millrace/protocol';
import type { WireMessage } from './chunk-reader.js';
import type { TestServer } from './start-test-server.js';
import type { WireClient } from './wire-client.js';

/** Audio, video or data: what the tests compare. */
export interface MediaMessage {
  readonly type: number;
  readonly timestamp: number;
  readonly payload: Uint8Array;
}

/** A publishing message stream, and everything that was sent on it. */
export class TestPublisher {
  readonly client: WireClient;
  readonly messageStreamId: number;
  readonly sent: MediaMessage[] = [];

  constructor(client: WireClient, messageStreamId: number) {
    this.client = client;
    this.messageStreamId = messageStreamId;
  }

  /** A connection of its own, publishing `name`. */
  static async open(server: TestServer, name: string, app = 'live'): Promise<TestPublisher> {
    const client = await server.connected(app);
    return new TestPublisher(client, await client.publish(name));
  }

  send(type: number, timestamp: number, payload: Uint8Array): MediaMessage {
    const message = { type, timestamp, payload };
    this.sent.push(message);
    this.client.sendMessage({ ...message, messageStreamId: this.messageStreamId });
    return message;
  }

  audio(timestamp: number, payload: Uint8Array): MediaMessage {
    return this.send(8, timestamp, payload);
  }

  video(timestamp: number, payload: Uint8Array): MediaMessage {
    return this.send(9, timestamp, payload);
  }

  /** A type 18 message. */
  data(timestamp: number, ...values: readonly AmfInput[]): MediaMessage {
    return this.send(18, timestamp, encodeAmf0(values));
  }

  deleteStream(): void {
    this.client.sendCommand('deleteStream', 0, [null, this.messageStreamId]);
  }
}

/** What players get of `@setDataFrame`, or of any other data: these values at this time. */
export function dataMessage(timestamp: number, ...values: readonly AmfInput[]): MediaMessage {
  return { type: 18, timestamp, payload: encodeAmf0(values) };
}

/** One line for each message, to compare large ones by: `expect` takes seconds for a megabyte. */
export function digestsOf(messages: readonly MediaMessage[]): string[] {
  return messages.map(({ type, timestamp, payload }) => {
    const digest = createHash('sha256').update(payload).digest('hex');
    return `${type} at ${timestamp}, ${payload.length} bytes ${digest}`;
  });
}

/** The media that has come so far, on one message stream or on all, without `|RtmpSampleAccess`. */
export function mediaOf(client: WireClient, messageStreamId?: number): MediaMessage[] {
  return client.received
    .filter((message) => isMedia(message) && (messageStreamId ?? message.messageStreamId) === message.messageStreamId)
    .map(({ type, timestamp, payload }) => ({ type, timestamp, payload }));
}

function isMedia({ type, values: [name] }: WireMessage): boolean {
  return (type === 8 || type === 9 || type === 15 || type === 18 || type === 22) && name !== '|RtmpSampleAccess';
}

/**
 * Everything that `publisher` has sent has reached the players. True at once only on servers without a window
 * (`live.maxWindowMs=0`): they write to players before they answer the publisher's ping.
 */
export async function settle(publisher: TestPublisher | WireClient, ...players: readonly WireClient[]): Promise<void> {
  await ('client' in publisher ? publisher.client : publisher).barrier();
  for (const player of players) await player.barrier();
}
