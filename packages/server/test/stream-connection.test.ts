import { encodeAmf0 } from '@millrace/protocol';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../src/config/index.js';
import { type ByteTransport, RtmpConnection } from '../src/connection/index.js';
import type { LiveStreams } from '../src/live/index.js';
import { silentLogger } from '../src/log/index.js';
import { connectionContext } from './connection-context.js';
import { bytes, concat, message } from './wire/wire-bytes.js';

/** A transport that can be full, and takes what is said to it at its word. */
class FullTransport implements ByteTransport {
  readonly remoteAddress = '127.0.0.1';
  readonly tls = false;
  pendingBytes = 0;
  closeReason: string | undefined;
  onClosing: () => void = () => undefined;

  setReading(): void {}

  write(): void {}

  end(reason: string): void {
    this.close(reason);
  }

  close(reason: string): void {
    if (this.closeReason !== undefined) return;
    this.closeReason = reason;
    this.onClosing();
  }
}

function command(values: Parameters<typeof encodeAmf0>[0], messageStreamId = 0): Uint8Array {
  return message({ type: 20, messageStreamId, payload: encodeAmf0(values) });
}

function connected(): { transport: FullTransport; connection: RtmpConnection; streams: LiveStreams } {
  const context = connectionContext(loadConfig({ set: [] }), () => 0);
  const transport = new FullTransport();
  const connection = new RtmpConnection(transport, context, silentLogger);
  transport.onClosing = () => connection.transportClosed();
  connection.receive(concat(bytes(3), new Uint8Array(1536), new Uint8Array(1536)));
  connection.receive(command(['connect', 1, { app: 'live' }]));
  connection.receive(command(['createStream', 2, null]));
  return { transport, connection, streams: context.streams };
}

describe('a connection that is closed while it is being answered', () => {
  it.each(['play', 'publish'])('leaves nothing behind (%s)', (name) => {
    const { transport, connection, streams } = connected();
    transport.pendingBytes = 2 ** 30;
    connection.receive(command([name, 0, null, 'left-behind'], 1));
    expect(transport.closeReason).toBeDefined();
    expect(streams.nameCount).toBe(0);
  });

  it('leaves nothing behind where it is its own player', () => {
    const { transport, connection, streams } = connected();
    connection.receive(command(['play', 0, null, 'own'], 1));
    connection.receive(command(['createStream', 3, null]));
    transport.pendingBytes = 2 ** 30;
    connection.receive(command(['publish', 0, null, 'own'], 2));
    expect(transport.closeReason).toBeDefined();
    expect(streams.nameCount).toBe(0);
  });
});
