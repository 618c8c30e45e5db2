import { describe, expect, it } from 'vitest';
import { RtmpRemoteError, RtmpUsageError } from '../../bytes/index.js';
import type { MessageInput } from '../message/index.js';
import { clientHandshake, failureOf, ScriptedClient } from './scripted-client.js';

const control = { timestamp: 0, messageStreamId: 0 };

describe('bytes of the wrong kind', () => {
  it('fail in the handshake', () => {
    const client = new ScriptedClient();
    client.sendBytes(Uint8Array.from([0x47, 0x45, 0x54, 0x20]));
    expect(failureOf(client.takeEvents())).toBe('ERR_RTMP_HANDSHAKE_VERSION');
  });

  it('fail in a command, after what came before was answered', () => {
    const client = ScriptedClient.connected();
    const malformed = Uint8Array.from([2, 0, 1, 0x61, 0x00, 0x10]);
    client.command('createStream', 2);
    client.sendRaw({ messageTypeId: 20, ...control, payload: malformed });
    client.command('createStream', 3);
    expect(client.takeLines()).toEqual(['0 _result 2 1']);
    expect(failureOf(client.takeEvents())).toMatch(/^ERR_/);
  });

  it('end the session for good', () => {
    const client = ScriptedClient.connected();
    client.sendBytes(Uint8Array.from([0xc5]));
    expect(client.takeEvents()).toMatchObject([{ type: 'failed', error: expect.any(RtmpRemoteError) }]);
    client.command('createStream', 2);
    client.advance(1_000_000);
    client.session.sendCommand('a', 0, []);
    client.session.sendStatus(1, 'NetStream.Play.Start', '');
    expect(client.takeLines()).toEqual([]);
    expect(client.takeEvents()).toEqual([]);
    expect(client.session.nextDeadlineMs()).toBeUndefined();
  });
});

describe('acknowledgements', () => {
  const bytes = (count: number): MessageInput => ({
    type: 'unknown',
    ...control,
    messageTypeId: 99,
    payload: new Uint8Array(count),
  });

  it('are sent when the window of the peer is full', () => {
    const client = ScriptedClient.connected();
    client.send({ type: 'windowAckSize', ...control, windowAckSize: 10_000 });
    client.takeLines();
    const lines = [];
    for (let i = 0; i < 20; i += 1) {
      client.send(bytes(1500));
      lines.push(...client.takeLines());
    }
    expect(lines.length).toBeGreaterThanOrEqual(2);
    expect(lines.every((line) => /^acknowledgement \d+$/.test(line))).toBe(true);
  });

  it('come once for what came at once, with the smallest window', () => {
    const client = ScriptedClient.connected();
    client.send({ type: 'windowAckSize', ...control, windowAckSize: 1 });
    client.takeLines();
    client.send(bytes(5000), bytes(5000));
    expect(client.takeLines()).toHaveLength(1);
  });

  it('are not stopped by a window of 0', () => {
    const client = ScriptedClient.connected();
    client.send({ type: 'windowAckSize', ...control, windowAckSize: 0 }, bytes(2_600_000));
    expect(client.takeLines()).toHaveLength(1);
  });

  it('of the client are there to be read', () => {
    const client = ScriptedClient.connected();
    client.send({ type: 'acknowledgement', ...control, sequenceNumber: 77 });
    expect(client.session.acknowledgedBytes).toBe(77);
  });

  it.each<[string, readonly (readonly [number, 'hard' | 'soft' | 'dynamic'])[], string[]]>([
    ['hard', [[1000, 'hard']], ['windowAckSize 1000']],
    [
      'the same again',
      [
        [1000, 'hard'],
        [1000, 'hard'],
      ],
      ['windowAckSize 1000'],
    ],
    [
      'soft, smaller',
      [
        [1000, 'hard'],
        [500, 'soft'],
      ],
      ['windowAckSize 1000', 'windowAckSize 500'],
    ],
    [
      'soft, larger',
      [
        [1000, 'hard'],
        [5000, 'soft'],
      ],
      ['windowAckSize 1000'],
    ],
    [
      'dynamic after hard',
      [
        [1000, 'hard'],
        [500, 'dynamic'],
      ],
      ['windowAckSize 1000', 'windowAckSize 500'],
    ],
    [
      'dynamic after soft',
      [
        [1000, 'soft'],
        [500, 'dynamic'],
      ],
      ['windowAckSize 1000'],
    ],
    ['dynamic alone', [[1000, 'dynamic']], []],
    ['what we said already', [[2_500_000, 'hard']], []],
    ['0', [[0, 'hard']], []],
  ])('sizes answer Set Peer Bandwidth: %s [RTMP §5.4.5]', (_name, limits, lines) => {
    const client = ScriptedClient.connected();
    for (const [windowAckSize, limitType] of limits) {
      client.send({ type: 'setPeerBandwidth', ...control, windowAckSize, limitType });
    }
    expect(client.takeLines()).toEqual(lines);
  });
});

describe('deadlines', () => {
  const limits = { handshakeTimeoutMs: 100, connectTimeoutMs: 200, idleTimeoutMs: 1000 };

  it('end a handshake that stops', () => {
    const client = new ScriptedClient({ limits });
    expect(client.session.nextDeadlineMs()).toBe(1100);
    client.advance(50);
    client.sendBytes(clientHandshake().subarray(0, 1000));
    client.advance(49);
    expect(client.takeEvents()).toEqual([]);
    client.advance(1);
    expect(failureOf(client.takeEvents())).toBe('ERR_RTMP_TIMEOUT_HANDSHAKE');
  });

  it('end a connection that never connects, whatever else it says', () => {
    const client = ScriptedClient.handshaken({ limits });
    client.advance(199);
    client.send({ type: 'acknowledgement', ...control, sequenceNumber: 1 });
    expect(client.takeEvents()).toEqual([]);
    client.advance(1);
    expect(failureOf(client.takeEvents())).toBe('ERR_RTMP_TIMEOUT_CONNECT');
  });

  it('do not run while the server decides', () => {
    const client = ScriptedClient.handshaken({ limits, autoAccept: false });
    client.connect();
    expect(client.session.nextDeadlineMs()).toBeUndefined();
  });

  it('ping the silent and end the dead', () => {
    const client = ScriptedClient.connected({ limits });
    client.advance(500);
    expect(client.takeLines()).toEqual(['pingRequest 1500']);
    client.send({ type: 'userControl', ...control, event: { type: 'pingResponse', timestamp: 1500 } });
    client.advance(499);
    expect(client.takeLines()).toEqual([]);
    client.advance(1);
    expect(client.takeLines()).toEqual(['pingRequest 2000']);
    client.advance(500);
    expect(failureOf(client.takeEvents())).toBe('ERR_RTMP_TIMEOUT_IDLE');
  });

  it('are off at 0', () => {
    const off = { handshakeTimeoutMs: 0, connectTimeoutMs: 0, idleTimeoutMs: 0 };
    expect(new ScriptedClient({ limits: off }).session.nextDeadlineMs()).toBeUndefined();
    expect(ScriptedClient.handshaken({ limits: off }).session.nextDeadlineMs()).toBeUndefined();
    expect(ScriptedClient.connected({ limits: off }).session.nextDeadlineMs()).toBeUndefined();
  });
});

describe('limits', () => {
  it('end a client that asks and asks and takes no answers', () => {
    const client = ScriptedClient.connected({ limits: { maxQueuedBytes: 10_000 } });
    const ping = client.encode({ messageTypeId: 4, ...control, payload: Uint8Array.from([0, 6, 0, 0, 0, 1]) });
    let code: string | undefined;
    for (let i = 0; i < 2000 && code === undefined; i += 1) {
      client.session.receive(ping, client.nowMs);
      const event = client.session.nextEvent();
      if (event?.type === 'failed') code = event.error.code;
    }
    expect(code).toBe('ERR_RTMP_OUTPUT_LIMIT');
  });

  it('bound calls that the server has not answered', () => {
    const client = ScriptedClient.connected({ limits: { maxPendingRequests: 2 } });
    client.command('one', 1);
    client.command('notification', 0);
    client.command('two', 2);
    const [first] = client.takeEvents();
    if (first?.type !== 'call') throw new Error('no call');
    client.session.respond(first.request, 'done');
    client.command('three', 3);
    expect(failureOf(client.takeEvents())).toBeUndefined();
    client.command('four', 4);
    expect(failureOf(client.takeEvents())).toBe('ERR_RTMP_SESSION_PENDING_REQUESTS');
    expect(client.takeLines()).toEqual(['0 _result 1 done']);
  });

  it('reach into AMF and chunks', () => {
    const deep = ScriptedClient.connected({ limits: { maxAmfDepth: 2 } });
    deep.command('a', 1, [[[[]]]]);
    expect(failureOf(deep.takeEvents())).toMatch(/^ERR_AMF/);
    const long = ScriptedClient.connected({ limits: { maxMessageBytes: 1000 } });
    long.command('a', 1, ['x'.repeat(1000)]);
    expect(failureOf(long.takeEvents())).toBe('ERR_RTMP_MESSAGE_TOO_LONG');
  });
});

describe('what the server says', () => {
  it('goes out in order, on its streams', () => {
    const client = ScriptedClient.connected();
    client.session.sendCommand('hello', 7, ['you']);
    client.session.sendStatus(3, 'NetStream.Play.InsufficientBW', 'slow');
    client.session.sendUserControl({ type: 'streamDry', messageStreamId: 3 });
    client.session.sendData(3, 40, ['onCuePoint', 1]);
    client.session.sendMessage(9, { messageTypeId: 8, timestamp: 1, messageStreamId: 3, payload: new Uint8Array(1) });
    expect(client.takeLines()).toEqual([
      '0 hello 7 you',
      '3 warning NetStream.Play.InsufficientBW',
      'streamDry 3',
      '3 data onCuePoint 1',
      'audio',
    ]);
  });

  it('stops at close, which leaves the output', () => {
    const client = ScriptedClient.connected();
    client.session.sendCommand('last', 0, []);
    client.session.close();
    client.session.sendCommand('later', 0, []);
    client.session.close();
    expect(client.takeLines()).toEqual(['0 last 0']);
    expect(client.takeEvents()).toEqual([]);
  });

  it('answers a request once', () => {
    const client = ScriptedClient.handshaken();
    client.connect();
    const [event] = client.takeEvents();
    if (event?.type !== 'connect') throw new Error('no connect');
    expect(() => client.session.accept(event.request)).toThrow(RtmpUsageError);
    expect(() => client.session.reject(event.request, { code: 'a' })).toThrow(RtmpUsageError);
  });
});
