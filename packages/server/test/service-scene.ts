import {
  type AmfInput,
  AmfObject,
  type AmfValue,
  type Danmu,
  formatDanmu,
  formatServiceHeader,
  type ServiceHeader,
  serviceMessageName,
} from '@millrace/protocol';
import type { WireMessage } from './wire/chunk-reader.js';
import type { TestServer } from './wire/start-test-server.js';
import { statusOf, type WireClient } from './wire/wire-client.js';

let nextMessage = 1;

export function headerOf(changes: Partial<ServiceHeader> = {}): AmfObject {
  nextMessage += 1;
  return formatServiceHeader({
    version: 0,
    transimitType: 'broadcast',
    serviceType: 0,
    priority: 4,
    abandon: false,
    messageId: `m-${nextMessage}`,
    networkId: 'net-01',
    ...changes,
  });
}

export function danmuOf(content: string, changes: Partial<Danmu> = {}): AmfObject {
  return formatDanmu(
    {
      userId: 'alice',
      userLevel: '7',
      deviceType: 1,
      roomId: 'room',
      timeStampMs: 1_700_000_000_000,
      danmuType: 0,
      content,
      ...changes,
    },
    { maxContentLength: 1_000_000 },
  );
}

/** A client with a message stream that is attached to a service. */
export class Attached {
  readonly client: WireClient;
  readonly messageStreamId: number;
  /** The code of the answer to `serve`. */
  readonly code: AmfValue;

  constructor(client: WireClient, messageStreamId: number, code: AmfValue) {
    this.client = client;
    this.messageStreamId = messageStreamId;
    this.code = code;
  }

  static async open(server: TestServer, name: string, app = 'live'): Promise<Attached> {
    return attach(await server.connected(app), name);
  }

  send(header: AmfInput, content: AmfInput): void {
    this.client.sendCommand(serviceMessageName, 0, [header, content], this.messageStreamId);
  }

  say(text: string, changes: Partial<ServiceHeader> = {}): void {
    this.send(headerOf(changes), danmuOf(text));
  }

  /** The next service message that was not taken yet. */
  async next(): Promise<WireMessage> {
    return this.client.nextMessage(
      ({ messageStreamId, values }) => messageStreamId === this.messageStreamId && values[0] === serviceMessageName,
    );
  }

  /** The text of the next danmu. */
  async heard(): Promise<AmfValue> {
    return contentOf(await this.next()).get('content');
  }

  /** The texts of all danmu so far. */
  get texts(): AmfValue[] {
    return this.client.received
      .filter(
        ({ messageStreamId, values }) => messageStreamId === this.messageStreamId && values[0] === serviceMessageName,
      )
      .map((message) => contentOf(message).get('content'));
  }

  /** The description of the next `NetStream.Serve.Error`. */
  async refusal(): Promise<AmfValue> {
    return (await this.client.status('NetStream.Serve.Error')).get('description');
  }
}

export async function attach(client: WireClient, name: string): Promise<Attached> {
  const id = await client.createStream();
  client.sendCommand('serve', 0, [null, name], id);
  const answer = await client.nextMessage(
    (message) =>
      message.messageStreamId === id && String(statusOf(message)?.get('code')).startsWith('NetStream.Serve.'),
  );
  return new Attached(client, id, statusOf(answer)?.get('code'));
}

function contentOf({ values }: WireMessage): AmfObject {
  return values[3] instanceof AmfObject ? values[3] : new AmfObject();
}
