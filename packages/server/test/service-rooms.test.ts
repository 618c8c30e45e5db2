import { Amf3Value, AmfObject, serviceMessageName } from '@millrace/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Attached, attach, danmuOf, headerOf } from './service-scene.js';
import { startTestServer, type TestServer } from './wire/start-test-server.js';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer(['live.maxWindowMs=5', 'service.history=3', 'service.memberMessagesPerSecond=1000']);
});
afterAll(() => server.close());

describe('serve', () => {
  it('creates a service, attaches to it, and ends it with the last member', async () => {
    const first = await Attached.open(server, 'created');
    expect(first.code).toBe('NetStream.Serve.Create');
    const second = await Attached.open(server, 'created');
    expect(second.code).toBe('NetStream.Serve.Attache');
    first.client.sendCommand('deleteStream', 0, [null, first.messageStreamId]);
    await first.client.barrier();
    second.client.sendCommand('closeStream', 0, [null], second.messageStreamId);
    await second.client.barrier();
    expect((await Attached.open(server, 'created')).code).toBe('NetStream.Serve.Create');
  });

  it('ends it, too, when the last member disconnects', async () => {
    const first = await Attached.open(server, 'vanishing');
    first.client.destroy();
    let code: unknown;
    // The server learns of the end when it reads it.
    for (let tries = 0; code !== 'NetStream.Serve.Create' && tries < 100; tries += 1) {
      const next = await Attached.open(server, 'vanishing');
      code = next.code;
      next.client.sendCommand('deleteStream', 0, [null, next.messageStreamId]);
      await next.client.barrier();
    }
    expect(code).toBe('NetStream.Serve.Create');
  });

  it('takes the identity of streams: it does not matter where a URL is cut', async () => {
    await Attached.open(server, 'a', 'live/cut');
    expect((await Attached.open(server, 'cut/a', 'live')).code).toBe('NetStream.Serve.Attache');
  });

  it.each([[''], [7], [null], ['a\nb'], ['x'.repeat(257)]])('refuses the name %j', async (name) => {
    const client = await server.connected();
    const id = await client.createStream();
    client.sendCommand('serve', 0, [null, name], id);
    const status = await client.status('NetStream.Serve.Error');
    expect(status.get('level')).toBe('error');
    expect(status.get('description')).toMatch(/name of the service|no service of this name/);
    // The stream can be used for another.
    client.sendCommand('serve', 0, [null, 'good'], id);
    await client.status('NetStream.Serve.Create');
    client.sendCommand('deleteStream', 0, [null, id]);
    await client.barrier();
  });

  it('counts rooms and members', async () => {
    const small = await startTestServer(['service.maxRooms=1', 'service.maxMembers=2']);
    await Attached.open(small, 'one');
    const refused = await Attached.open(small, 'two');
    expect(refused.code).toBe('NetStream.Serve.Error');
    expect((await Attached.open(small, 'one')).code).toBe('NetStream.Serve.Attache');
    expect((await Attached.open(small, 'one')).code).toBe('NetStream.Serve.Error');
    await small.close();
  });
});

describe('a broadcast', () => {
  it('reaches every member but its sender, once and in order, whatever message stream each has', async () => {
    const sender = await Attached.open(server, 'order');
    const other = await server.connected();
    await other.createStream();
    const second = await attach(other, 'order');
    const third = await Attached.open(server, 'order');
    for (let i = 0; i < 20; i += 1) (i % 3 === 2 ? third : sender).say(`${i}`);
    await sender.client.barrier();
    await third.client.barrier();
    for (let i = 0; i < 20; i += 1) await second.next();
    const all = second.texts;
    expect([...all].sort((a, b) => Number(a) - Number(b))).toEqual(Array.from({ length: 20 }, (_, i) => `${i}`));
    second.say('last');
    await sender.client.nextMessage(
      ({ values: [, , , content] }) => content instanceof AmfObject && content.get('content') === 'last',
    );
    await third.client.nextMessage(
      ({ values: [, , , content] }) => content instanceof AmfObject && content.get('content') === 'last',
    );
    expect(sender.texts).toEqual([...all.filter((text) => Number(text) % 3 === 2), 'last']);
    expect(third.texts).toEqual([...all.filter((text) => Number(text) % 3 !== 2), 'last']);
  });

  it('reaches the other message stream of the same connection', async () => {
    const first = await Attached.open(server, 'both');
    const second = await attach(first.client, 'both');
    first.say('hello');
    expect(await second.heard()).toBe('hello');
    await first.client.barrier();
    expect(first.texts).toEqual([]);
  });

  it('has the values of its sender, of whatever type and with whatever members', async () => {
    const sender = await Attached.open(server, 'unread');
    const receiver = await Attached.open(server, 'unread');
    const header = headerOf({ serviceType: 4711 });
    header.properties.set('transmitType', 0);
    header.properties.set('extra', new AmfObject([['deep', true]]));
    sender.send(header, new AmfObject([['anything', ['goes', 1]]]));
    const { type, values } = await receiver.next();
    expect(type).toBe(20);
    expect(values).toEqual([serviceMessageName, 0, header, new AmfObject([['anything', ['goes', 1]]])]);
  });

  it('is of type 17 for members with object encoding 3, and holds no AMF3 for the others', async () => {
    const modern = await server.handshaken();
    await modern.connectApp('live', { objectEncoding: 3 });
    const sender = await attach(modern, 'encodings');
    const newer = await server.handshaken();
    await newer.connectApp('live', { objectEncoding: 3 });
    const amf3 = await attach(newer, 'encodings');
    const amf0 = await Attached.open(server, 'encodings');
    sender.say('plain');
    expect([(await amf3.next()).type, (await amf0.next()).type]).toEqual([17, 20]);
    const content = new AmfObject([['bytes', Uint8Array.of(1, 2, 3)]]);
    modern.sendExtendedCommand(
      serviceMessageName,
      0,
      [new Amf3Value(headerOf({ serviceType: 9 })), new Amf3Value(content)],
      sender.messageStreamId,
    );
    expect((await amf3.next()).values[3]).toEqual(content);
    const { values, payload } = await amf0.next();
    expect(values[3]).toEqual(new AmfObject([['bytes', 'AQID']]));
    expect(payload.includes(0x11)).toBe(false);
  });

  it('that comes twice is sent once', async () => {
    const sender = await Attached.open(server, 'twice');
    const receiver = await Attached.open(server, 'twice');
    sender.say('one', { messageId: 'same' });
    sender.say('again', { messageId: 'same' });
    sender.say('of another network', { messageId: 'same', networkId: 'net-02' });
    sender.say('two');
    expect([await receiver.heard(), await receiver.heard(), await receiver.heard()]).toEqual([
      'one',
      'of another network',
      'two',
    ]);
  });

  it('is told to who attaches later: the last danmu, after the answer', async () => {
    const sender = await Attached.open(server, 'history');
    for (let i = 0; i < 5; i += 1) sender.say(`${i}`);
    sender.send(headerOf({ serviceType: 5 }), null);
    await sender.client.barrier();
    const late = await Attached.open(server, 'history');
    expect([await late.heard(), await late.heard(), await late.heard()]).toEqual(['2', '3', '4']);
    sender.say('5');
    expect(await late.heard()).toBe('5');
  });
});

describe('messages for the network', () => {
  it.each(['edge', 'origin'] as const)('a capability query to the %s is answered', async (transimitType) => {
    const asker = await Attached.open(server, 'capability');
    asker.send(headerOf({ transimitType, serviceType: 1, messageId: 'query-1' }), null);
    const { values } = await asker.next();
    expect(values.slice(2)).toEqual([
      headerOf({ transimitType: 'response', serviceType: 1, messageId: 'query-1' }),
      new AmfObject([
        ['networkName', 'millrace'],
        ['live', 'rtmp'],
        ['rtc', 'no'],
        ['service', 0],
        ['danmu', 'danmu'],
      ]),
    ]);
  });

  it('a response from a client is refused, and others for the edge have no answer', async () => {
    const client = await Attached.open(server, 'responses');
    const other = await Attached.open(server, 'responses');
    client.send(headerOf({ transimitType: 'response' }), null);
    expect(await client.refusal()).toContain('transimitType');
    client.send(headerOf({ transimitType: 'edge', serviceType: 77 }), null);
    await client.client.barrier();
    await other.client.barrier();
    expect([client.texts, other.texts]).toEqual([[], []]);
  });
});

describe('what is wrong', () => {
  it('is refused with the name of the member, and the service goes on', async () => {
    const sender = await Attached.open(server, 'faults');
    const receiver = await Attached.open(server, 'faults');
    const wrong = headerOf();
    wrong.properties.set('priority', 9);
    sender.send(wrong, danmuOf('x'));
    expect(await sender.refusal()).toBe('priority is 9, allowed 0 to 7');
    sender.send(null, null);
    expect(await sender.refusal()).toBe('the header is null, not an object');
    sender.send(headerOf(), danmuOf('x'.repeat(501)));
    expect(await sender.refusal()).toBe('content is 501 characters long, allowed up to 500');
    sender.send(headerOf({ serviceType: 3 }), 'x'.repeat(20_000));
    expect(await sender.refusal()).toMatch(/^the message is too long, allowed up to 16384 bytes$/);
    sender.say('right');
    expect(await receiver.heard()).toBe('right');
  });

  it('ends the connection when there is too much of it', async () => {
    const client = await Attached.open(server, 'too-many-faults');
    const other = await Attached.open(server, 'too-many-faults');
    for (let i = 0; i < 100; i += 1) client.send(new AmfObject(), null);
    await client.client.closed;
    const third = await Attached.open(server, 'too-many-faults');
    third.say('still there');
    expect(await other.heard()).toBe('still there');
  });

  it('includes messages on streams that are attached to nothing', async () => {
    const client = await server.connected();
    const id = await client.createStream();
    client.sendCommand(serviceMessageName, 0, [headerOf(), danmuOf('x')], id);
    await client.status('NetStream.Serve.Error');
    client.sendCommand('serve', 0, [null, 'x'], 99);
    await client.status('NetStream.Serve.Error');
  });
});

describe('floods', () => {
  it('are refused, and end the connection when they go on', async () => {
    const strict = await startTestServer(['service.memberMessagesPerSecond=5', 'live.maxWindowMs=0']);
    const flooder = await Attached.open(strict, 'flood');
    const other = await Attached.open(strict, 'flood');
    for (let i = 0; i < 1000; i += 1) flooder.say(`${i}`);
    expect(await flooder.refusal()).toBe('Too many messages: 5 a second are allowed.');
    await flooder.client.closed;
    other.client.sendCommand('deleteStream', 0, [null, 0]);
    await other.client.barrier();
    expect(other.texts.slice(0, 5)).toEqual(['0', '1', '2', '3', '4']);
    expect(other.texts.length).toBeLessThan(100);
    await strict.close();
  });
});
