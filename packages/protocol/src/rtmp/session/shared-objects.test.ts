import { describe, expect, it } from 'vitest';
import { AmfIntVector, AmfObject } from '../../amf/index.js';
import { RtmpUsageError } from '../../bytes/index.js';
import {
  decodeMessage,
  decodeSharedObject,
  encodeMessage,
  encodeSharedObject,
  messageTypes,
} from '../message/index.js';
import type { ObjectEncoding } from './object-encoding.js';
import { SessionPair } from './session-pair.js';
import { WireTap } from './wire-tap.js';

function connectedPair(objectEncoding: ObjectEncoding): { pair: SessionPair; toClient: WireTap } {
  const pair = new SessionPair();
  const toClient = WireTap.on(pair.client);
  pair.client.connect({ app: 'live', tcUrl: 'rtmp://127.0.0.1/live', objectEncoding });
  pair.run();
  pair.takeEvents();
  toClient.take();
  return { pair, toClient };
}

const used = { name: 'board', version: 3, persistent: true, events: [{ type: 'use' }] } as const;

describe('a shared object message', () => {
  it.each(['amf0', 'amf3'] as const)('of a connected client is an event (%s)', (encoding) => {
    const { pair } = connectedPair(0);
    pair.client.sendMessage(0, encodeMessage(encodeSharedObject(used, encoding)));
    pair.run();
    expect(pair.takeEvents().server).toEqual([{ type: 'sharedObject', content: used }]);
  });

  it.each([
    ['with a lying length', Uint8Array.of(0, 9, 1), 'ERR_RTMP_SHARED_OBJECT_SHORT'],
    [
      'with values nested too deep',
      encodeSharedObject({ ...used, events: [{ type: 'requestChange', name: 'a', value: nested(80) }] }, 'amf0')
        .payload,
      'ERR_AMF0_TOO_DEEP',
    ],
  ])('%s ends the session', (_what, payload, code) => {
    const { pair } = connectedPair(0);
    const message = { messageTypeId: messageTypes.sharedObjectAmf0, timestamp: 0, messageStreamId: 0, payload };
    pair.client.sendMessage(0, message);
    pair.run();
    expect(pair.takeEvents().server).toMatchObject([{ type: 'failed', error: { code } }]);
  });

  it('is sent in the encoding of the connection, on its chunk stream', () => {
    const value = new AmfObject([['x', 5]]);
    const events = [
      { type: 'change', name: 'a', value },
      { type: 'change', name: 'b', value: 'text' },
      { type: 'sendMessage', name: 'say', args: [value, 1] },
      { type: 'success', name: 'c' },
    ] as const;
    const content = { name: 'board', version: 4, persistent: false, events };
    for (const objectEncoding of [0, 3] as const) {
      const { pair, toClient } = connectedPair(objectEncoding);
      pair.server.sendSharedObject(content);
      pair.run();
      const [raw] = toClient.take();
      if (raw === undefined) throw new Error('nothing was sent');
      const message = decodeMessage(raw);
      if (message.type !== 'sharedObject') throw new Error(message.type);
      expect(message.encoding).toBe(objectEncoding === 3 ? 'amf3' : 'amf0');
      expect(decodeSharedObject(message)).toEqual(content);
      expect(message.payload.includes(0x11)).toBe(objectEncoding === 3);
    }
  });

  it.each([0, 3] as const)(
    'of the server is an event of the client, and back, with object encoding %s',
    (objectEncoding) => {
      const { pair } = connectedPair(objectEncoding);
      const value = new AmfObject([['x', 5]]);
      const told = { ...used, events: [{ type: 'useSuccess' }, { type: 'change', name: 'a', value }] } as const;
      const asked = { ...used, events: [{ type: 'requestChange', name: 'a', value }] } as const;
      pair.server.sendSharedObject(told);
      pair.client.sendSharedObject(asked);
      pair.run();
      expect(pair.takeEvents()).toEqual({
        client: [{ type: 'sharedObject', content: told }],
        server: [{ type: 'sharedObject', content: asked }],
      });
    },
  );

  it('of the server with a lying length ends the session of the client', () => {
    const { pair } = connectedPair(0);
    const payload = Uint8Array.of(0, 9, 1);
    pair.server.sendMessage(3, {
      messageTypeId: messageTypes.sharedObjectAmf0,
      timestamp: 0,
      messageStreamId: 0,
      payload,
    });
    pair.run();
    expect(pair.takeEvents().client).toMatchObject([
      { type: 'failed', error: { code: 'ERR_RTMP_SHARED_OBJECT_SHORT' } },
    ]);
    pair.client.sendSharedObject(used);
    expect(pair.client.takeOutput()).toBeUndefined();
  });

  it('with what only AMF3 has is not sent to who reads AMF0 alone', () => {
    const { pair } = connectedPair(0);
    const events = [{ type: 'change', name: 'a', value: new AmfIntVector([1]) }] as const;
    expect(() => pair.server.sendSharedObject({ ...used, events })).toThrow(RtmpUsageError);
  });
});

function nested(depth: number): AmfObject {
  let value = new AmfObject();
  for (let i = 0; i < depth; i += 1) value = new AmfObject([['a', value]]);
  return value;
}
