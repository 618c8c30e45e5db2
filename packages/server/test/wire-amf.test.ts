import { AmfEcmaArray, AmfObject, encodeAmf0 } from '@millrace/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectServes } from './wire/relay.js';
import { startTestServer, type TestServer } from './wire/start-test-server.js';
import { bytes, concat, message, pattern, text, u16, u32 } from './wire/wire-bytes.js';
import type { WireClient } from './wire/wire-client.js';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

// AMF0 by hand.
const nil = bytes(5);
const end = bytes(0, 0, 9);
const number = (value: number): Uint8Array => {
  const made = new Uint8Array(9);
  new DataView(made.buffer).setFloat64(1, value);
  return made;
};
const name = (value: string): Uint8Array => concat(u16(text(value).length), text(value));
const string = (value: string): Uint8Array => concat(bytes(2), name(value));
const command = (called: string, id: number, ...rest: readonly Uint8Array[]): Uint8Array =>
  concat(string(called), number(id), ...rest);
const repeat = (part: Uint8Array, times: number): Uint8Array => {
  const made = new Uint8Array(part.length * times);
  for (let i = 0; i < times; i += 1) made.set(part, i * part.length);
  return made;
};

function send(client: WireClient, payload: Uint8Array, type = 20): void {
  client.write(message({ type, payload }));
}

/** The command closes this connection or is passed over; everybody else is served. */
async function expectHarmless(client: WireClient): Promise<void> {
  await client.barrier().catch(() => undefined);
  expect(client.fault).toBeUndefined();
  client.destroy();
}

const deep = 100_000;
const hostile: readonly (readonly [string, Uint8Array])[] = [
  ['objects 100,000 deep', concat(repeat(concat(bytes(3), name('a')), deep), nil, repeat(end, deep))],
  ['objects 100,000 deep, never closed', repeat(concat(bytes(3), name('a')), deep)],
  ['arrays 100,000 deep', concat(repeat(concat(bytes(10), u32(1)), deep), nil)],
  ['ECMA arrays 100,000 deep', repeat(concat(bytes(8), u32(1), name('a')), deep)],
  ['typed objects 100,000 deep', repeat(concat(bytes(16), name('A'), name('a')), deep)],
  ['an array of 2^32-1 elements', concat(bytes(10), u32(0xffff_ffff))],
  ['an array of 2^31 elements and some of them', concat(bytes(10), u32(0x8000_0000), repeat(nil, 100_000))],
  ['arrays of arrays that each claim what is left', repeat(concat(bytes(10), u32(50_000)), 20_000)],
  ['an array of 100,000 nulls', concat(bytes(10), u32(100_000), repeat(nil, 100_000))],
  ['100,000 arguments', repeat(nil, 100_000)],
  ['an object of 100,000 members', concat(bytes(3), repeat(concat(name('a'), nil), 100_000), end)],
  ['a long string of 2^32-1 bytes', concat(bytes(12), u32(0xffff_ffff), text('abc'))],
  ['XML of 2^32-1 bytes', concat(bytes(15), u32(0xffff_ffff), text('abc'))],
  ['a string beyond the end', concat(bytes(2), u16(0xffff), text('abc'))],
  ['an object that is not closed', concat(bytes(3), name('a'), nil)],
  ['an object that ends in a name', concat(bytes(3), u16(50), text('abc'))],
  ['an end without an object', bytes(9)],
  ['half an end', concat(bytes(3), bytes(0, 0))],
  ['a reference to nothing', concat(bytes(7), u16(0))],
  ['a reference far beyond', concat(bytes(3), end, bytes(7), u16(0xffff))],
  ['half a reference', bytes(7, 0)],
  ['half a number', bytes(0, 0x3f)],
  ['half a date', concat(bytes(11), u32(0))],
  ['a movie clip', bytes(4)],
  ['a record set', bytes(14)],
  ['AMF3 arrays 100,000 deep', concat(bytes(0x11), repeat(bytes(9, 3, 1), deep), bytes(1))],
  ['an AMF3 array of 2^28-1 elements', bytes(0x11, 9, 0xff, 0xff, 0xff, 0xff, 1)],
  ['an AMF3 byte array of 2^28-1 bytes', bytes(0x11, 12, 0xff, 0xff, 0xff, 0xff)],
  ['an AMF3 reference to nothing', bytes(0x11, 10, 0)],
  ['an AMF3 object of a class that is not known', concat(bytes(0x11, 10, 7, 5), text('XX'))],
  ['half an AMF3 object inside an object', concat(bytes(3), name('a'), bytes(0x11, 10, 11), end)],
  ['nonsense after the marker 0x11', concat(bytes(0x11), pattern(200))],
];

describe('hostile AMF0', () => {
  for (const [what, value] of hostile) {
    it(`in connect: ${what}`, async () => {
      const inObject = await server.handshaken();
      send(inObject, command('connect', 1, value));
      await expectHarmless(inObject);
      const inArgument = await server.handshaken();
      send(inArgument, command('connect', 1, bytes(3), name('app'), string('live'), end, value));
      await expectHarmless(inArgument);
      await expectServes(server);
    });

    it(`after connect: ${what}`, async () => {
      for (const called of ['createStream', 'publish', 'play', 'anything']) {
        const client = await server.connected();
        send(client, command(called, 5, nil, value));
        await expectHarmless(client);
      }
      await expectServes(server);
    });

    it(`in metadata: ${what}`, async () => {
      const publisher = await server.connected();
      const id = await publisher.publish(`metadata ${what}`);
      const player = await server.connected();
      await player.play(`metadata ${what}`);
      const payload = concat(string('@setDataFrame'), string('onMetaData'), value);
      publisher.sendMessage({ type: 18, messageStreamId: id, payload });
      publisher.sendMessage({ type: 8, messageStreamId: id, payload: bytes(0xaf, 1, 7) });
      // Data is the publisher's, not ours: it is not judged. A player reads it or not.
      const late = await server.connected();
      await late.play(`metadata ${what}`);
      for (const client of [publisher, player, late]) {
        await client.barrier();
        client.destroy();
      }
      await expectServes(server);
    });
  }

  it('of every unknown marker closes that connection alone', async () => {
    for (let marker = 0x12; marker <= 0xff; marker += 13) {
      const client = await server.connected();
      send(client, command('anything', 5, nil, bytes(marker, 0, 0, 0)));
      await client.closed;
    }
    await expectServes(server);
  });

  it('cut at every byte of connect', async () => {
    const whole = encodeAmf0(['connect', 1, { app: 'live', tcUrl: 'rtmp://h/live', n: 3, ok: true }]);
    const cuts = Array.from({ length: whole.length }, async (_, length) => {
      const client = await server.handshaken();
      send(client, whole.subarray(0, length));
      await client.closed;
      expect(client.fault).toBeUndefined();
    });
    await Promise.all(cuts);
    await expectServes(server);
  });

  it('with random bytes in place of arguments', async () => {
    for (let seed = 1; seed < 60; seed += 1) {
      const client = await server.connected();
      send(client, command('anything', 5, nil, pattern(seed * 7, seed)));
      await expectHarmless(client);
    }
    await expectServes(server);
  });
});

describe('AMF0 that is odd and right', () => {
  async function expectAnswered(payload: Uint8Array, type = 20): Promise<void> {
    const client = await server.connected();
    send(client, payload, type);
    expect((await client.answer(5)).values[0]).toBe('_error');
    await client.barrier();
    client.destroy();
  }

  it('connects with an object that holds itself', async () => {
    const client = await server.handshaken();
    const self = concat(name('self'), bytes(7), u16(0));
    const list = concat(name('fourCcList'), bytes(7), u16(0), name('videoFourCcInfoMap'), bytes(7), u16(0));
    send(client, command('connect', 1, bytes(3), name('app'), string('live'), self, list, end));
    expect((await client.answer(1)).values[0]).toBe('_result');
    await client.barrier();
    await expectServes(server);
  });

  it('takes references and cycles in arguments', () =>
    expectAnswered(
      command(
        'x',
        5,
        bytes(3),
        name('a'),
        bytes(10),
        u32(2),
        bytes(7),
        u16(0),
        bytes(7),
        u16(1),
        end,
        bytes(7),
        u16(1),
      ),
    ));

  it('takes nesting up to 64', () =>
    expectAnswered(command('x', 5, nil, repeat(concat(bytes(3), name('a')), 64), nil, repeat(end, 64))));

  it('takes an ECMA array whatever its count', async () => {
    for (const count of [0, 1, 7, 0xffff_ffff]) {
      await expectAnswered(command('x', 5, nil, bytes(8), u32(count), name('a'), nil, name('b'), nil, end));
    }
  });

  it('takes long strings, dates, XML, unsupported, undefined and typed objects', () =>
    expectAnswered(
      command(
        'x',
        5,
        nil,
        concat(bytes(12), u32(70_000), repeat(text('a'), 70_000)),
        concat(bytes(11), new Uint8Array(10)),
        concat(bytes(15), u32(3), text('<a>')),
        bytes(13),
        bytes(6),
        concat(bytes(16), name('a.B'), name('m'), nil, end),
      ),
    ));

  it('takes names that JavaScript knows', () =>
    expectAnswered(
      command(
        'x',
        5,
        encodeAmf0([
          new AmfObject(['__proto__', 'constructor', 'toString', '', 'hasOwnProperty'].map((key) => [key, 1])),
        ]),
        encodeAmf0([new AmfEcmaArray([['__proto__', new AmfObject([['polluted', true]])]])]),
      ),
    ).then(() => expect(Reflect.get({}, 'polluted')).toBeUndefined()));

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf', ''])(
    'calls %j, which is unknown',
    (called) => expectAnswered(command(called, 5, nil)),
  );

  it('takes text that is not UTF-8', () =>
    expectAnswered(command('x', 5, nil, concat(bytes(2), u16(4), bytes(0xff, 0xfe, 0xc0, 0x80)))));

  it('takes AMF3 after the marker 0x11 in arguments', () =>
    expectAnswered(command('x', 5, nil, bytes(0x11, 0x0a, 0x0b, 0x01, 0x01))));

  it('takes AMF3 inside an object, and AMF0 after it', () =>
    expectAnswered(command('x', 5, bytes(3), name('a'), bytes(0x11, 9, 3, 1, 4, 5), end, bytes(0x11, 4, 5), nil)));

  it('takes commands of type 17 with a format byte of 0 [Errata §7.2]', () =>
    expectAnswered(concat(bytes(0), command('x', 5, nil)), 17));

  it('takes commands of type 17 without a format byte', () => expectAnswered(command('x', 5, nil), 17));

  it('takes connect and createStream of type 17', async () => {
    const client = await server.handshaken();
    send(client, concat(bytes(0), command('connect', 1, bytes(3), name('app'), string('live'), end)), 17);
    expect((await client.answer(1)).values[0]).toBe('_result');
    send(client, concat(bytes(0), command('createStream', 2, bytes(0x11, 1))), 17);
    expect((await client.answer(2)).values[3]).toBe(1);
    client.destroy();
  });

  it('takes a command that is its name alone', async () => {
    const client = await server.connected();
    send(client, string('x'));
    await client.barrier();
    client.destroy();
  });

  it.each([-1, 0.5, 2 ** 40, -0.25, Number.MAX_VALUE])('answers the transaction id %d with the same', async (id) => {
    const client = await server.connected();
    send(client, command('createStream', id, nil));
    expect((await client.answer(id)).values[0]).toBe('_result');
    client.destroy();
  });

  it.each([
    ['empty', bytes()],
    ['a number for a name', concat(number(1), number(1))],
    ['null for a name', nil],
    ['an object for a name', concat(bytes(3), end)],
    ['text for a transaction id', concat(string('createStream'), string('1'))],
  ])('survives a command that is %s', async (_what, payload) => {
    const connected = await server.connected();
    send(connected, payload);
    await expectHarmless(connected);
    const early = await server.handshaken();
    send(early, payload, 17);
    await expectHarmless(early);
    await expectServes(server);
  });

  it('survives NaN and infinite transaction ids', async () => {
    for (const id of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      const client = await server.connected();
      for (const called of ['createStream', 'x', 'FCPublish', 'getStreamLength'])
        send(client, command(called, id, nil));
      await client.barrier();
      client.destroy();
    }
  });
});
