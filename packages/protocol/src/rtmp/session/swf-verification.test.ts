import { createHmac } from 'node:crypto';
import { inflateSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RtmpRemoteError, RtmpUsageError } from '../../bytes/index.js';
import { failureOf, ScriptedClient, type ScriptedClientOptions } from './scripted-client.js';
import { SessionPair } from './session-pair.js';
import { assertSwfIdentity, checkSwfAnswer, identifySwf, type SwfIdentity, swfAnswer } from './swf-verification.js';
import { swfVector } from './swf-verification.vectors.js';

const crypto = {
  hmacSha256: (key: Uint8Array, data: Uint8Array) => new Uint8Array(createHmac('sha256', key).update(data).digest()),
  randomBytes: (count: number) => Uint8Array.from({ length: count }, (_, at) => at % 251),
};
const tools = { crypto, inflate: (bytes: Uint8Array) => inflateSync(bytes, { maxOutputLength: 1024 }) };
const player: SwfIdentity = { hash: fromHex(swfVector.hash), size: swfVector.size };
const other: SwfIdentity = { hash: player.hash.toReversed(), size: player.size };
/** The end of the S1 that a session sends with these random bytes: 1528 of them. */
const challenge = crypto.randomBytes(1528).slice(-32);
const rightAnswer = swfAnswer(crypto, player, challenge);

function fromHex(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex, 'hex'));
}

function codeOf(action: () => unknown): string | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    if (error instanceof RtmpRemoteError || error instanceof RtmpUsageError) return error.code;
    throw error;
  }
}

describe('what a file is known by', () => {
  it.each(['plain', 'zlib'] as const)('is that of the file before compression: %s', (form) => {
    expect(identifySwf(fromHex(swfVector[form]), tools)).toEqual(player);
  });

  it.each([
    ['nothing', ''],
    ['a header alone', '4657530a18000000'],
    ['another file', '89504e470d0a1a0a00'],
    ['the right letters behind a wrong one', '4757530a1800000000'],
    ['LZMA', '5a57530a1800000000'],
    ['no zlib stream', '4357530a1800000000ff'],
    ['half of one', swfVector.zlib.slice(0, 40)],
  ])('is nothing for %s', (_name, hex) => {
    expect(codeOf(() => identifySwf(fromHex(hex), tools))).toBe('ERR_SWF_INVALID');
  });

  it('has a hash of 32 bytes and a size', () => {
    expect(codeOf(() => assertSwfIdentity(player))).toBeUndefined();
    for (const wrong of [{ size: 0 }, { size: 1.5 }, { size: 2 ** 32 }, { hash: new Uint8Array(31) }]) {
      expect(codeOf(() => assertSwfIdentity({ ...player, ...wrong }))).toBe('ERR_SWF_INVALID');
    }
  });
});

describe('an answer', () => {
  const bytes0To31 = Uint8Array.from({ length: 32 }, (_, at) => at);

  it('is that of librtmp', () => {
    expect(Buffer.from(swfAnswer(crypto, player, bytes0To31)).toString('hex')).toBe(swfVector.answer);
  });

  it('is right for one of the players, and for none other', () => {
    const check = (players: SwfIdentity[]) => (): void => checkSwfAnswer(crypto, rightAnswer, { players, challenge });
    expect(codeOf(check([other, player]))).toBeUndefined();
    expect(codeOf(check([other]))).toBe('ERR_RTMP_SWF_VERIFICATION');
    expect(codeOf(check([]))).toBe('ERR_RTMP_SWF_VERIFICATION');
  });

  it('is wrong with any other byte, and of any other length', () => {
    fc.assert(
      fc.property(fc.nat(41), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const answer = rightAnswer.map((byte, index) => (index === at ? byte ^ change : byte));
        const code = codeOf(() => checkSwfAnswer(crypto, answer, { players: [player], challenge }));
        expect(code).toBe('ERR_RTMP_SWF_VERIFICATION');
      }),
      { numRuns: 100, seed: 26 },
    );
    for (const answer of [rightAnswer.subarray(1), new Uint8Array([...rightAnswer, 0]), new Uint8Array(0)]) {
      expect(codeOf(() => checkSwfAnswer(crypto, answer, { players: [player], challenge }))).toBe(
        'ERR_RTMP_SWF_VERIFICATION',
      );
    }
  });
});

describe('a server that asks for SWF verification', () => {
  const answer = (client: ScriptedClient, data: Uint8Array): void =>
    client.send({
      type: 'userControl',
      timestamp: 0,
      messageStreamId: 0,
      event: { type: 'swfVerificationResponse', data },
    });
  const connected = (options: Partial<ScriptedClientOptions['swf']> = {}): ScriptedClient => {
    const client = ScriptedClient.handshaken({ crypto, swf: { players: [player], timeoutMs: 5000, ...options } });
    client.connect();
    return client;
  };

  it('does so behind the answer to connect', () => {
    const client = connected();
    expect(client.takeLines().slice(-3)).toEqual([
      '0 _result 1 NetConnection.Connect.Success',
      '0 onBWDone 0',
      'swfVerificationRequest 1',
    ]);
  });

  it('hears nothing but the answer until it is there, then all in its order', () => {
    const client = connected();
    client.takeMessages();
    client.takeEvents();
    client.command('createStream', 2);
    client.command('publish', 0, ['a'], 1);
    client.send({ type: 'video', timestamp: 5, messageStreamId: 1, payload: Uint8Array.of(0x17, 0) });
    client.command('hello', 3);
    client.send({
      type: 'userControl',
      timestamp: 0,
      messageStreamId: 0,
      event: { type: 'setBufferLength', messageStreamId: 1, bufferMs: 3000 },
    });
    expect([client.takeLines(), client.takeEvents()]).toEqual([[], []]);
    client.send({
      type: 'userControl',
      timestamp: 0,
      messageStreamId: 0,
      event: { type: 'pingRequest', timestamp: 7 },
    });
    expect(client.takeLines()).toEqual(['pingResponse 7']);
    answer(client, rightAnswer);
    expect(client.takeLines()).toEqual(['0 _result 2 1', 'streamBegin 1', '1 status NetStream.Publish.Start']);
    expect(client.takeEvents().map(({ type }) => type)).toEqual(['publish', 'media', 'call', 'bufferLength']);
    client.advance(6000);
    expect(failureOf(client.takeEvents())).toBeUndefined();
  });

  it('keeps what waits in its order also where a request in it waits again', () => {
    const client = connected();
    client.autoAccept = false;
    client.command('createStream', 2);
    client.command('publish', 0, ['a'], 1);
    client.send({ type: 'video', timestamp: 5, messageStreamId: 1, payload: Uint8Array.of(0x17, 0) });
    client.command('hello', 3);
    answer(client, rightAnswer);
    const publish = client.takeEvents().find((event) => event.type === 'publish');
    expect(client.session.paused).toBe(true);
    if (publish?.type === 'publish') client.session.accept(publish.request);
    expect(client.takeEvents().map(({ type }) => type)).toEqual(['media', 'call']);
  });

  it.each([
    ['wrong', swfAnswer(crypto, other, challenge)],
    ['for the challenge of another connection', swfAnswer(crypto, player, challenge.toReversed())],
    ['too short', rightAnswer.subarray(0, 41)],
    ['too long', new Uint8Array([...rightAnswer, 0])],
    ['empty', new Uint8Array(0)],
  ])('ends with an answer that is %s', (_name, data) => {
    const client = connected();
    answer(client, data);
    expect(failureOf(client.takeEvents())).toBe('ERR_RTMP_SWF_VERIFICATION');
  });

  it('ends without an answer in time', () => {
    const client = connected();
    expect(client.session.nextDeadlineMs()).toBe(client.nowMs + 5000);
    client.advance(4999);
    expect(failureOf(client.takeEvents())).toBeUndefined();
    client.advance(1);
    expect(failureOf(client.takeEvents())).toBe('ERR_RTMP_TIMEOUT_SWF');
  });

  it('ends when more waits than may', () => {
    const client = ScriptedClient.handshaken({
      crypto,
      swf: { players: [player], timeoutMs: 0 },
      limits: { maxQueuedBytes: 10_000 },
    });
    client.connect();
    for (let i = 0; i < 9; i += 1) client.command('hello', 3 + i, ['x'.repeat(1000)]);
    expect(failureOf(client.takeEvents())).toBe('ERR_RTMP_INPUT_LIMIT');
  });

  it('takes an answer that comes before the question, or a second time, for none', () => {
    const early = ScriptedClient.handshaken({ crypto, swf: { players: [player], timeoutMs: 5000 } });
    answer(early, rightAnswer);
    early.connect();
    early.takeEvents();
    early.command('hello', 3);
    expect(early.takeEvents()).toEqual([]);
    answer(early, rightAnswer);
    answer(early, new Uint8Array(3));
    expect(early.takeEvents().map(({ type }) => type)).toEqual(['call']);
  });

  it('goes by the challenge that the client has seen, where it is given', () => {
    const client = connected({ challenge: () => challenge.toReversed() });
    answer(client, swfAnswer(crypto, player, challenge.toReversed()));
    client.command('hello', 3);
    expect(client.takeEvents().map(({ type }) => type)).toEqual(['connect', 'call']);
  });

  it('one that does not takes an answer for nothing', () => {
    const client = ScriptedClient.connected({ crypto });
    answer(client, new Uint8Array(3));
    expect(client.takeEvents()).toEqual([]);
  });
});

describe('a client that is asked for SWF verification', () => {
  const asking = { crypto, swf: { players: [player], timeoutMs: 5000 } };

  it.each(['simple', 'digest'] as const)('answers, after the %s handshake', (handshake) => {
    const pair = new SessionPair({ client: { crypto, swf: player, handshake }, server: asking });
    expect(pair.connectAndCreateStream()).toBe(1);
    expect(pair.clientEvents).not.toContainEqual(
      expect.objectContaining({ event: expect.objectContaining({ type: 'swfVerificationRequest' }) }),
    );
  });

  it('with the identity of another file is refused', () => {
    const pair = new SessionPair({ client: { crypto, swf: other }, server: asking });
    expect(() => pair.connectAndCreateStream()).toThrow();
    expect(failureOf(pair.serverEvents)).toBe('ERR_RTMP_SWF_VERIFICATION');
  });

  it('shows what it cannot answer', () => {
    const shown = (client: { swf?: SwfIdentity }, version: number): boolean => {
      const pair = new SessionPair({ client: { crypto, ...client }, server: { crypto } });
      pair.connectAndCreateStream();
      pair.server.sendUserControl({ type: 'swfVerificationRequest', version });
      pair.run();
      return pair.clientEvents.some(
        (event) => event.type === 'userControl' && event.event.type === 'swfVerificationRequest',
      );
    };
    expect([shown({}, 1), shown({ swf: player }, 2)]).toEqual([true, true]);
    expect([shown({ swf: player }, 0), shown({ swf: player }, 1)]).toEqual([false, false]);
  });

  it('is not made with an identity that none can be', () => {
    expect(codeOf(() => new SessionPair({ client: { swf: { ...player, size: 0 } } }))).toBe('ERR_SWF_INVALID');
  });
});
