import { describe, expect, it } from 'vitest';
import { AmfObject } from '../../amf/index.js';
import type { MessageInput } from '../message/index.js';
import { failureOf, ScriptedClient } from './scripted-client.js';

const control = { timestamp: 0, messageStreamId: 0 };

/** The `index`th object of the answer to `connect`: 0 the properties, 1 the information. */
function connectAnswer(client: ScriptedClient, index: 0 | 1): AmfObject {
  for (const message of client.takeMessages()) {
    if (message.type !== 'command' || message.name !== '_result') continue;
    const value = index === 0 ? message.commandObject : message.args[0];
    if (value instanceof AmfObject) return value;
  }
  throw new Error('connect was not answered');
}

describe('connect', () => {
  it('is answered in the order of Flash Media Server', () => {
    const client = ScriptedClient.handshaken();
    client.connect();
    expect(client.takeLines()).toEqual([
      'windowAckSize 2500000',
      'setPeerBandwidth 2500000 dynamic',
      'setChunkSize 60000',
      'streamBegin 0',
      '0 _result 1 NetConnection.Connect.Success',
      '0 onBWDone 0',
    ]);
  });

  it('takes the numbers of the options', () => {
    const client = ScriptedClient.handshaken({ windowAckSize: 1_000_000, peerBandwidth: 2_000_000, chunkSize: 4096 });
    expect(client.session.chunkSize).toBe(128);
    client.connect();
    expect(client.takeLines().slice(0, 3)).toEqual([
      'windowAckSize 1000000',
      'setPeerBandwidth 2000000 dynamic',
      'setChunkSize 4096',
    ]);
    expect(client.session.chunkSize).toBe(4096);
  });

  it('can be answered without a word of the chunk size, which stays as it is', () => {
    const client = ScriptedClient.handshaken({ autoAccept: false });
    client.connect();
    const [event] = client.takeEvents();
    if (event?.type !== 'connect') throw new Error('there is no request');
    client.session.accept(event.request, { keepsChunkSize: true });
    expect(client.takeLines()).toEqual([
      'windowAckSize 2500000',
      'setPeerBandwidth 2500000 dynamic',
      'streamBegin 0',
      '0 _result 1 NetConnection.Connect.Success',
      '0 onBWDone 0',
    ]);
    expect(client.session.chunkSize).toBe(128);
  });

  it('tells the server who is there', () => {
    const client = ScriptedClient.handshaken();
    client.connect({ app: '/live/?token=1', flashVer: 'FMLE/3.0', swfUrl: 's', pageUrl: 'p', objectEncoding: 3 });
    const [event] = client.takeEvents();
    expect(event).toMatchObject({
      type: 'connect',
      request: {
        app: 'live',
        query: 'token=1',
        tcUrl: 'rtmp://127.0.0.1/live',
        flashVer: 'FMLE/3.0',
        swfUrl: 's',
        pageUrl: 'p',
        objectEncoding: 3,
        fourCcList: undefined,
        capsEx: undefined,
      },
    });
    expect(client.session.peer).toMatchObject({ app: 'live' });
  });

  it('merges what the server adds', () => {
    const client = ScriptedClient.handshaken({ autoAccept: false });
    client.connect();
    const [event] = client.takeEvents();
    if (event?.type !== 'connect') throw new Error('no connect');
    expect(client.session.peer).toBeUndefined();
    expect(client.session.accept(event.request, { properties: { mode: 2 }, info: { extra: true } })).toBe(true);
    client.pull();
    const messages = client.takeMessages();
    const result = messages.find((message) => message.type === 'command' && message.name === '_result');
    expect(result).toMatchObject({
      commandObject: new AmfObject([
        ['fmsVer', 'FMS/3,5,7,7009'],
        ['capabilities', 31],
        ['mode', 2],
      ]),
      args: [
        new AmfObject([
          ['level', 'status'],
          ['code', 'NetConnection.Connect.Success'],
          ['description', 'Connection succeeded.'],
          ['objectEncoding', 0],
          ['extra', true],
        ]),
      ],
    });
  });

  it('says nothing of Enhanced RTMP to those who do not ask', () => {
    const client = ScriptedClient.handshaken();
    client.connect();
    expect([...connectAnswer(client, 0).properties.keys()]).toEqual(['fmsVer', 'capabilities', 'mode']);
  });

  it.each([
    [{ fourCcList: ['hvc1', 'av01', 7, 'much too long'] }, ['hvc1', 'av01']],
    [{ capsEx: 2 }, undefined],
    [{ videoFourCcInfoMap: { '*': 1 } }, undefined],
  ])('answers Enhanced RTMP: %j', (properties, fourCcList) => {
    const client = ScriptedClient.handshaken();
    client.connect(properties);
    const answer = connectAnswer(client, 0);
    expect(answer.get('fourCcList')).toEqual(fourCcList);
    expect(answer.get('videoFourCcInfoMap')).toEqual(new AmfObject([['*', 4]]));
    expect(answer.get('audioFourCcInfoMap')).toEqual(new AmfObject([['*', 4]]));
    expect(answer.get('capsEx')).toBe(0x0e);
  });

  it('is refused with _error and the end', () => {
    const client = ScriptedClient.handshaken({ autoAccept: false });
    client.connect();
    const [event] = client.takeEvents();
    if (event?.type !== 'connect') throw new Error('no connect');
    client.session.reject(event.request, { code: 'NetConnection.Connect.InvalidApp', description: 'No.' });
    expect(client.takeLines()).toEqual(['0 _error 1 NetConnection.Connect.InvalidApp']);
    expect(client.takeEvents()).toEqual([{ type: 'closed' }]);
    expect(client.session.ended).toBe(true);
    expect(client.session.peer).toBeUndefined();
  });

  it('holds up what follows it until it is answered', () => {
    const client = ScriptedClient.handshaken({ autoAccept: false });
    client.connect();
    client.command('createStream', 2);
    expect(client.takeLines()).toEqual([]);
    expect(client.session.paused).toBe(true);
    const [event, ...rest] = client.takeEvents();
    expect(rest).toEqual([]);
    if (event?.type === 'connect') client.session.accept(event.request);
    expect(client.takeLines().at(-1)).toBe('0 _result 2 1');
    expect(client.session.paused).toBe(false);
  });

  it('bounds what is sent while it is not answered', () => {
    const client = ScriptedClient.handshaken({ autoAccept: false, limits: { maxQueuedBytes: 10_000 } });
    client.connect();
    // 64 bytes more are counted for each piece.
    for (let i = 0; i < 15; i += 1) client.sendBytes(new Uint8Array(586));
    expect(failureOf(client.takeEvents())).toBeUndefined();
    client.sendBytes(new Uint8Array(586));
    expect(failureOf(client.takeEvents())).toBe('ERR_RTMP_INPUT_LIMIT');
  });

  it('may come once', () => {
    const client = ScriptedClient.connected();
    client.connect({}, 5);
    expect(client.takeLines()).toEqual(['0 _error 5 NetConnection.Connect.Rejected']);
    expect(failureOf(client.takeEvents())).toBe('ERR_RTMP_SESSION_CONNECTED_TWICE');
  });

  it('needs its object', () => {
    const client = ScriptedClient.handshaken();
    client.command('connect', 1);
    expect(client.takeLines()).toEqual(['0 _error 1 NetConnection.Connect.Rejected']);
    expect(failureOf(client.takeEvents())).toBe('ERR_RTMP_SESSION_CONNECT');
  });

  it.each<[string, MessageInput]>([
    ['audio', { type: 'audio', ...control, payload: new Uint8Array(4) }],
    ['data', { type: 'data', ...control, encoding: 'amf0', values: ['onMetaData'] }],
    ['an aggregate', { type: 'aggregate', ...control, payload: new Uint8Array(0) }],
    ['a shared object', { type: 'sharedObject', ...control, encoding: 'amf0', payload: new Uint8Array(4) }],
  ])('must come before %s', (_name, message) => {
    const client = ScriptedClient.handshaken();
    client.send(message);
    expect(failureOf(client.takeEvents())).toBe('ERR_RTMP_SESSION_NOT_CONNECTED');
  });

  it('must come before other commands, which are told so', () => {
    const client = ScriptedClient.handshaken();
    client.command('createStream', 2);
    expect(client.takeLines()).toEqual(['0 _error 2 NetConnection.Call.Failed']);
    expect(failureOf(client.takeEvents())).toBe('ERR_RTMP_SESSION_NOT_CONNECTED');
  });

  it('may come after control messages', () => {
    const client = ScriptedClient.handshaken();
    client.send(
      { type: 'setChunkSize', ...control, chunkSize: 128 },
      { type: 'windowAckSize', ...control, windowAckSize: 5_000_000 },
      { type: 'userControl', ...control, event: { type: 'pingRequest', timestamp: 9 } },
    );
    expect(client.takeLines()).toEqual(['pingResponse 9']);
    expect(client.takeEvents()).toEqual([]);
  });
});
