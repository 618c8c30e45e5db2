import { describe, expect, it } from 'vitest';
import {
  Amf3Value,
  AmfDate,
  AmfDictionary,
  AmfEcmaArray,
  type AmfInput,
  AmfIntVector,
  AmfObject,
  AmfUnsupported,
  type AmfValue,
  encodeAmf0,
} from '../../amf/index.js';
import { decodeMessage, messageTypes, type RawMessage } from '../message/index.js';
import type { ObjectEncoding } from './object-encoding.js';
import { SessionPair } from './session-pair.js';
import { WireTap } from './wire-tap.js';

const tcUrl = 'rtmp://127.0.0.1/live';

function connectedPair(objectEncoding: ObjectEncoding): { pair: SessionPair; toClient: WireTap; toServer: WireTap } {
  const pair = new SessionPair();
  const toServer = WireTap.on(pair.server);
  const toClient = WireTap.on(pair.client);
  pair.client.connect({ app: 'live', tcUrl, objectEncoding });
  pair.run();
  return { pair, toClient, toServer };
}

/** Type and name of each command and data message. */
function lines(messages: readonly RawMessage[]): string[] {
  return messages.flatMap((raw) => {
    const message = decodeMessage(raw);
    if (message.type === 'command') return [`${raw.messageTypeId} ${message.name}`];
    return message.type === 'data' ? [`${raw.messageTypeId} ${String(message.values[0])}`] : [];
  });
}

const bytes = Uint8Array.of(1, 2, 3);
const onlyAmf3: readonly [string, AmfValue][] = [
  ['bytes', bytes],
  ['a vector', new AmfIntVector([1, -2])],
  ['a dictionary', new AmfDictionary([['a', 1]])],
];
const anyValues: readonly AmfValue[] = [
  undefined,
  null,
  true,
  'text',
  1.5,
  -1,
  new AmfUnsupported(),
  [1, 'a', [null]],
  new AmfObject([['a', new AmfObject([['b', 'text']])]]),
  new AmfEcmaArray([['a', 1]]),
  new AmfDate(1000),
  ...onlyAmf3.map(([, value]) => value),
];

describe('object encoding', () => {
  it.each([0, 3] as const)('%i is agreed on by both sides', (objectEncoding) => {
    const { pair, toClient, toServer } = connectedPair(objectEncoding);
    expect(pair.client.objectEncoding).toBe(objectEncoding);
    expect(pair.server.objectEncoding).toBe(objectEncoding);
    expect(lines(toServer.take())).toEqual(['20 connect']);
    // The client learns what is agreed on from an answer that it can read in any case.
    expect(lines(toClient.take())).toEqual(['20 _result', objectEncoding === 3 ? '17 onBWDone' : '20 onBWDone']);
  });

  it('is 0 until the answer, and where connect is refused', () => {
    const pair = new SessionPair({ autoAccept: false });
    pair.client.connect({ app: 'live', tcUrl, objectEncoding: 3 });
    const tap = WireTap.on(pair.server);
    pair.client.createStream();
    pair.run();
    expect([pair.client.objectEncoding, pair.server.objectEncoding]).toEqual([0, 0]);
    expect(lines(tap.take())).toEqual(['20 connect', '20 createStream']);
    const [event] = pair.takeEvents().server;
    if (event?.type === 'connect') pair.server.reject(event.request, { code: 'NetConnection.Connect.Rejected' });
    pair.run();
    expect([pair.client.objectEncoding, pair.server.objectEncoding]).toEqual([0, 0]);
  });

  it('stays 0 where the client did not ask, whatever the server says', () => {
    const pair = new SessionPair({ autoAccept: false });
    pair.client.connect({ app: 'live', tcUrl });
    pair.run();
    pair.server.sendCommand('_result', 1, [{ code: 'NetConnection.Connect.Success', objectEncoding: 3 }]);
    pair.run();
    expect(pair.takeEvents().client).toContainEqual(expect.objectContaining({ type: 'connected' }));
    expect(pair.client.objectEncoding).toBe(0);
  });

  it('stays 0 where the server does not name it', () => {
    const pair = new SessionPair({ autoAccept: false });
    pair.client.connect({ app: 'live', tcUrl, objectEncoding: 3 });
    pair.run();
    pair.server.sendCommand('_result', 1, [{ code: 'NetConnection.Connect.Success' }]);
    pair.run();
    expect(pair.takeEvents().client).toContainEqual(expect.objectContaining({ type: 'connected' }));
    expect(pair.client.objectEncoding).toBe(0);
  });

  it('is not what an application adds to the answer', () => {
    const pair = new SessionPair({ autoAccept: false });
    pair.client.connect({ app: 'live', tcUrl });
    pair.run();
    const [event] = pair.takeEvents().server;
    if (event?.type === 'connect') pair.server.accept(event.request, { info: { objectEncoding: 3, more: 1 } });
    pair.run();
    const [connected] = pair.takeEvents().client.filter(({ type }) => type === 'connected');
    const info = connected?.type === 'connected' ? connected.status.info : undefined;
    expect(info instanceof AmfObject && [info.get('objectEncoding'), info.get('more')]).toEqual([0, 1]);
  });
});

describe('with object encoding 3', () => {
  it('everything goes as types 17 and 15, both ways', () => {
    const { pair, toClient, toServer } = connectedPair(3);
    toServer.take();
    toClient.take();
    const id = pair.createStream();
    pair.client.fcPublish('a');
    pair.client.publish(id, 'a');
    pair.client.sendData(id, 5, ['@setDataFrame', 'onMetaData', { width: 640 }]);
    pair.run();
    expect(lines(toServer.take())).toEqual(['17 createStream', '17 FCPublish', '17 publish', '15 @setDataFrame']);
    expect(lines(toClient.take())).toEqual(['17 _result', '17 onFCPublish', '17 _result', '17 onStatus']);
    const player = pair.createStream();
    pair.client.play(player, 'b');
    pair.run();
    expect(lines(toClient.take())).toEqual(['17 _result', '17 onStatus', '17 onStatus', '15 |RtmpSampleAccess']);
  });

  it('what the session says itself is in AMF0', () => {
    const { pair, toClient } = connectedPair(3);
    const id = pair.createStream();
    toClient.take();
    pair.client.publish(id, 'a');
    pair.client.call('missing');
    pair.run();
    const [call] = pair.takeEvents().server.flatMap((event) => (event.type === 'call' ? [event.request] : []));
    if (call !== undefined) pair.server.rejectCall(call);
    pair.run();
    const messages = toClient.take().filter(({ messageTypeId }) => messageTypeId === messageTypes.commandAmf3);
    expect(lines(messages)).toEqual(['17 onStatus', '17 _error']);
    for (const { payload } of messages) {
      expect(payload[0]).toBe(0);
      const message = decodeMessage({ messageTypeId: 20, timestamp: 0, messageStreamId: 0, payload: payload.slice(1) });
      const values =
        message.type === 'command' ? [message.name, message.transactionId, message.commandObject, ...message.args] : [];
      expect(encodeAmf0(values)).toEqual(payload.slice(1)); // Would differ where there were a 0x11.
    }
  });

  it('an application sends and gets any value', () => {
    const { pair } = connectedPair(3);
    const id = pair.client.call('echo', anyValues);
    pair.run();
    const [request] = pair.takeEvents().server.flatMap((event) => (event.type === 'call' ? [event.request] : []));
    expect(request?.args).toEqual(anyValues);
    if (request !== undefined) pair.server.respond(request, ...request.args);
    pair.run();
    expect(pair.takeEvents().client).toMatchObject([{ type: 'result', transactionId: id, values: anyValues }]);

    pair.server.call('ask', anyValues);
    pair.server.sendCommand('tell', 0, anyValues);
    pair.run();
    const calls = pair.takeEvents().client.flatMap((event) => (event.type === 'call' ? [event.call] : []));
    expect(calls).toMatchObject([
      { name: 'ask', args: anyValues },
      { name: 'tell', args: anyValues },
    ]);
    if (calls[0] !== undefined) pair.client.respond(calls[0], bytes);
    pair.run();
    expect(pair.takeEvents().server).toMatchObject([{ type: 'answer', answer: { args: [bytes] } }]);
  });

  it('text, numbers, booleans, null and undefined stay in AMF0, and the rest goes behind 0x11', () => {
    const { pair, toServer } = connectedPair(3);
    toServer.take();
    pair.client.sendCommand(0, 'a', ['t', 1, true, undefined, null]);
    pair.client.sendCommand(0, 'b', [[], { a: 1 }]);
    pair.client.sendCommand(0, 'c', [new Amf3Value(7)]);
    pair.run();
    const simple = encodeAmf0(['a', 0, null, 't', 1, true, undefined, null]);
    const complex = encodeAmf0(['b', 0, null, new Amf3Value([]), new Amf3Value({ a: 1 })]);
    const wrapped = encodeAmf0(['c', 0, null, new Amf3Value(7)]);
    expect(toServer.take().map(({ payload }) => payload)).toEqual(
      [simple, complex, wrapped].map((body) => Uint8Array.of(0, ...body)),
    );
  });

  it('types 20 and 18 of the peer are understood', () => {
    const { pair } = connectedPair(3);
    const payload = encodeAmf0(['echo', 9, null, { a: 1 }]);
    pair.client.sendMessage(0, { messageTypeId: messageTypes.commandAmf0, timestamp: 0, messageStreamId: 0, payload });
    const data = encodeAmf0(['onMetaData', 1]);
    pair.server.sendMessage(5, { messageTypeId: 18, timestamp: 0, messageStreamId: 1, payload: data });
    pair.run();
    const { client, server } = pair.takeEvents();
    expect(server.at(-1)).toMatchObject({ type: 'call', request: { name: 'echo', args: [{ className: undefined }] } });
    expect(client.at(-1)).toMatchObject({ type: 'data', values: ['onMetaData', 1] });
  });
});

describe('with object encoding 0', () => {
  it('commands of types 17 and 15 are understood, and answered in AMF0', () => {
    const { pair, toClient } = connectedPair(0);
    toClient.take();
    const payload = Uint8Array.of(0, ...encodeAmf0(['createStream', 2, new Amf3Value(null)]));
    pair.client.sendMessage(0, { messageTypeId: messageTypes.commandAmf3, timestamp: 0, messageStreamId: 0, payload });
    pair.run();
    expect(lines(toClient.take())).toEqual(['20 _result']);
  });

  it.each(onlyAmf3)('%s: an error that names the way out, and the connection goes on', (_name, value) => {
    const { pair, toClient } = connectedPair(0);
    const id = pair.client.call('get');
    pair.run();
    toClient.take();
    const [request] = pair.takeEvents().server.flatMap((event) => (event.type === 'call' ? [event.request] : []));
    if (request === undefined) throw new Error('no call');
    const inVain: (() => unknown)[] = [
      () => pair.server.respond(request, value),
      () => pair.server.call('a', [value]),
      () => pair.server.sendCommand('a', 0, [value]),
      () => pair.server.sendData(1, 0, ['a', value]),
      () => pair.client.call('a', [value]),
    ];
    for (const attempt of inVain) {
      expect(attempt).toThrow(
        expect.objectContaining({ code: 'ERR_AMF0_NOT_ENCODABLE', message: expect.stringContaining('Amf3Value') }),
      );
    }
    pair.server.respond(request, new Amf3Value(value) satisfies AmfInput);
    pair.run();
    expect(lines(toClient.take())).toEqual(['20 _result']);
    expect(pair.takeEvents().client).toMatchObject([{ type: 'result', transactionId: id, values: [value] }]);
  });
});
