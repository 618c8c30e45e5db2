import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import {
  Amf3Value,
  AmfDate,
  type AmfInput,
  AmfObject,
  type AmfPacket,
  type AmfPacketInput,
  type AmfValue,
  amfObject,
  decodeAmfPacket,
  encodeAmfPacket,
} from '@millrace/protocol';
import { afterEach, describe, expect, it } from 'vitest';
import { type AppClient, type AppDefinition, type AppsDefinition, defineApp, redirect, reject } from '../src/index.js';
import { gate } from './wire/gate.js';
import { startTestServer, type TestServer } from './wire/start-test-server.js';

let server: TestServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

async function start(definition?: AppDefinition | AppsDefinition, ...settings: string[]): Promise<TestServer> {
  server = await startTestServer(settings, definition && defineApp(definition));
  return server;
}

function call(targetUri: string, args: AmfInput = [], responseUri = '/1'): AmfPacketInput['messages'][number] {
  return { targetUri, responseUri, value: args };
}

async function post(to: TestServer, packet: AmfPacketInput, path = '/gateway', headers: Record<string, string> = {}) {
  const response = await fetch(`http://127.0.0.1:${to.httpPort}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-amf', ...headers },
    body: encodeAmfPacket(packet) as Uint8Array<ArrayBuffer>,
  });
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe('application/x-amf');
  return decodeAmfPacket(new Uint8Array(await response.arrayBuffer()));
}

function answersOf({ messages }: AmfPacket): [string, unknown][] {
  return messages.map(({ targetUri, value }) => [targetUri, plain(value)]);
}

function plain(value: AmfValue): unknown {
  return value instanceof AmfObject ? Object.fromEntries(value.properties) : value;
}

function status(code: string, description: string): Record<string, string> {
  return { level: 'error', code, description };
}

const calculator: AppDefinition = {
  procedures: {
    'calculator.add': (_client, a, b) => Number(a) + Number(b),
    echo: (_client, value) => value,
    when: () => new Date(1000),
    bytes: () => Uint8Array.of(1, 2, 3),
  },
};

describe('Flash Remoting', () => {
  it('calls the procedures of a packet in order and answers each', async () => {
    const to = await start(calculator);
    const answer = await post(to, {
      version: 0,
      messages: [call('calculator.add', [2, 3], '/1'), call('missing', [], '/2'), call('echo', ['text'], '/3')],
    });
    expect(answer.version).toBe(0);
    expect(answer.messages.map(({ responseUri }) => responseUri)).toEqual(['null', 'null', 'null']);
    expect(answersOf(answer)).toEqual([
      ['/1/onResult', 5],
      ['/2/onStatus', status('NetConnection.Call.Failed', 'Method not found (missing).')],
      ['/3/onResult', 'text'],
    ]);
  });

  it('answers in AMF3 what is asked in AMF3', async () => {
    const to = await start(calculator);
    const messages = [
      call('bytes', []),
      call('echo', [new Amf3Value([1, Uint8Array.of(7)])]),
      call('calculator.add', new Amf3Value([2, 3])),
      call('when', null),
    ];
    const answer = await post(to, { version: 3, messages });
    expect(answer.version).toBe(3);
    const values = answer.messages.map(({ value }) => value);
    expect(values).toEqual([Uint8Array.of(1, 2, 3), [1, Uint8Array.of(7)], 5, new AmfDate(1000)]);
  });

  it('answers in AMF0 what is asked in AMF0, and refuses what AMF0 has not', async () => {
    const to = await start(calculator);
    const messages = [call('bytes', [], '/1'), call('when', [], '/2')];
    expect(answersOf(await post(to, { version: 0, messages }))).toEqual([
      ['/1/onStatus', status('NetConnection.Call.Failed', 'The call failed.')],
      ['/2/onResult', new AmfDate(1000)],
    ]);
  });

  it('takes version 1 as AMF0, and refuses the calls of others', async () => {
    const to = await start(calculator);
    const messages = [call('calculator.add', [2, 3], '/1'), call('echo', [1], '/2')];
    const first = await post(to, { version: 1, messages });
    expect(first.version).toBe(0);
    expect(first.messages[0]?.value).toBe(5);
    const refusal = status('NetConnection.Call.BadVersion', 'Version 2 of the packet is not known.');
    expect(answersOf(await post(to, { version: 2, messages }))).toEqual([
      ['/1/onStatus', refusal],
      ['/2/onStatus', refusal],
    ]);
  });

  it.each([
    ['refused', status('NetConnection.Call.Failed', 'Not you.')],
    ['prohibited', status('NetConnection.Call.Prohibited', 'No.')],
    ['broken', status('NetConnection.Call.Failed', 'The call failed.')],
    ['endless', status('NetConnection.Call.Failed', 'The call failed.')],
    ['unsendable', status('NetConnection.Call.Failed', 'The call failed.')],
    ['constructor', status('NetConnection.Call.Failed', 'Method not found (constructor).')],
  ])('%s: onStatus, and the next call is made', async (name, refusal) => {
    const to = await start(
      {
        procedures: {
          refused: () => Promise.reject(reject('Not you.')),
          prohibited() {
            throw reject('No.', 'NetConnection.Call.Prohibited');
          },
          broken() {
            throw new Error('password of the database');
          },
          endless: () => new Promise<string>(() => undefined),
          unsendable: () => Symbol('a') as unknown as string,
          next: () => 'next',
        },
      },
      'app.timeoutMs=10',
    );
    const messages = [call(name, [], '/1'), call('next', [], '/2')];
    expect(answersOf(await post(to, { version: 0, messages }))).toEqual([
      ['/1/onStatus', refusal],
      ['/2/onResult', 'next'],
    ]);
  });

  it('without an application there is nothing to call', async () => {
    const to = await start();
    expect(answersOf(await post(to, { version: 0, messages: [call('a')] }))).toEqual([
      ['/1/onStatus', status('NetConnection.Call.Failed', 'Method not found (a).')],
    ]);
    expect((await post(to, { version: 0, messages: [] })).messages).toEqual([]);
  });

  it('refuses a packet with a header that must be understood and is not', async () => {
    const to = await start(calculator);
    const messages = [call('echo', [1])];
    const optional = { name: 'debug', value: true };
    expect((await post(to, { version: 0, headers: [optional], messages })).messages[0]?.value).toBe(1);
    const required = { ...optional, mustUnderstand: true };
    expect(answersOf(await post(to, { version: 0, headers: [required], messages }))).toEqual([
      ['/1/onStatus', status('NetConnection.Call.Failed', 'The header "debug" is not understood.')],
    ]);
  });
});

describe('who calls', () => {
  it('is one client a packet: it connects, calls and goes', async () => {
    const seen: string[] = [];
    const gone = gate();
    let client: AppClient | undefined;
    const to = await start({
      onConnect(connecting) {
        client = connecting;
        seen.push(`connect ${connecting.connected}`);
      },
      onDisconnect() {
        seen.push('disconnect');
        gone.open();
      },
      procedures: {
        async slow(calling) {
          await Promise.resolve();
          seen.push(`slow ${calling === client} ${calling.connected}`);
        },
        fast: () => void seen.push('fast'),
      },
    });
    const headers = { 'user-agent': 'Player', referer: 'http://site.example/page', authorization: 'Bearer t0ken' };
    await post(to, { version: 0, messages: [call('slow'), call('fast')] }, '/gateway/chat/room1?key=k', headers);
    await gone.passed;
    expect(seen).toEqual(['connect false', 'slow true true', 'fast', 'disconnect']);
    expect(client).toMatchObject({
      transport: 'remoting',
      address: '127.0.0.1',
      tls: false,
      app: 'chat/room1',
      tcUrl: `http://127.0.0.1:${to.httpPort}/gateway/chat/room1?key=k`,
      pageUrl: 'http://site.example/page',
      flashVer: 'Player',
      bearerToken: 't0ken',
      connected: false,
    });
    expect(client?.query.get('key')).toBe('k');
  });

  it('gets nothing called where the application does not let it in', async () => {
    let calls = 0;
    const to = await start({
      onConnect() {
        throw reject('Members only.');
      },
      procedures: {
        count() {
          calls += 1;
        },
      },
    });
    const messages = [call('count', [], '/1'), call('count', [], '/2')];
    const refusal = status('NetConnection.Connect.Rejected', 'Members only.');
    expect(answersOf(await post(to, { version: 0, messages }))).toEqual([
      ['/1/onStatus', refusal],
      ['/2/onStatus', refusal],
    ]);
    expect(calls).toBe(0);
  });

  it('is told where else to go', async () => {
    const to = await start({
      onConnect() {
        throw redirect('http://other.example/gateway');
      },
    });
    const answer = await post(to, { version: 0, messages: [call('a')] });
    const [message] = answer.messages;
    const ex = message?.value instanceof AmfObject ? message.value.get('ex') : undefined;
    expect(plain(ex)).toEqual({ code: 302, redirect: 'http://other.example/gateway' });
  });

  it('is not called any more once the application has closed it', async () => {
    const to = await start({
      procedures: { bye: (client) => client.close(), late: () => 'late' },
    });
    const messages = [call('bye', [], '/1'), call('late', [], '/2')];
    expect(answersOf(await post(to, { version: 0, messages }))).toEqual([
      ['/1/onResult', undefined],
      ['/2/onStatus', status('NetConnection.Connect.Closed', 'The application closed the connection.')],
    ]);
  });

  it('may give a name and a password', async () => {
    const to = await start({
      onConnect({ commandObject }) {
        if (commandObject.get('password') !== 'pass:word') throw reject('Who are you?');
      },
      procedures: { who: ({ commandObject }) => commandObject.get('userid') },
    });
    const messages = [call('who')];
    const value = { userid: 'ann', password: 'pass:word' };
    const headers = [{ name: 'Credentials', mustUnderstand: true, value }];
    expect((await post(to, { version: 0, headers, messages })).messages[0]?.value).toBe('ann');
    const wrong = [{ name: 'Credentials', value: { userid: 'ann', password: 7 } }];
    expect((await post(to, { version: 0, headers: wrong, messages })).messages[0]?.targetUri).toBe('/1/onStatus');
    const flexHeaders = { DSRemoteCredentials: Buffer.from('bob:pass:word').toString('base64') };
    const members = { messageId: 'A', destination: '', operation: 'who', headers: flexHeaders, body: [] };
    const flex = amfObject(members, 'flex.messaging.messages.RemotingMessage');
    const { messages: answers } = await post(to, { version: 0, messages: [call('null', [flex])] });
    expect(plain(answers[0]?.value)).toMatchObject({ body: 'bob' });
  });
});

describe('the application of a gateway', () => {
  const named: AppsDefinition = {
    apps: { one: { procedures: { where: () => 'one' } }, two: { procedures: { where: () => 'two' } } },
  };
  async function where(to: TestServer, path: string): Promise<unknown> {
    const [message] = (await post(to, { version: 0, messages: [call('where')] }, path)).messages;
    return plain(message?.value);
  }

  it('is in the path', async () => {
    const to = await start(named);
    expect(await where(to, '/gateway/one')).toBe('one');
    expect(await where(to, '/gateway/two/room%201/')).toBe('two');
    expect(await where(to, '/gateway')).toEqual(status('NetConnection.Call.Failed', 'Method not found (where).'));
    expect(await where(to, '/gateway/three')).toMatchObject({ code: 'NetConnection.Call.Failed' });
  });

  it('is InvalidApp where only known ones are wanted', async () => {
    const to = await start(named, 'app.onlyKnown=true');
    expect(await where(to, '/gateway/three')).toEqual(
      status('NetConnection.Connect.InvalidApp', 'There is no such application.'),
    );
  });

  it('needs no name where there is only one', async () => {
    const to = await start({ name: 'chat', procedures: { where: (client) => client.app } });
    expect(await where(to, '/gateway')).toBe('chat');
    expect(await where(to, '/gateway/')).toBe('chat');
    expect(await where(to, '/gateway/other')).toMatchObject({ code: 'NetConnection.Call.Failed' });
  });
});

describe('Flex', () => {
  const poll: AppDefinition = {
    procedures: {
      'poll.vote': (_client, option) => ({ voted: option }),
      bare: () => 'bare',
      no() {
        throw reject('Too late.', 'NetConnection.Call.Prohibited');
      },
    },
  };

  async function send(to: TestServer, type: string, members: { readonly [name: string]: AmfInput }, version = 3) {
    const message = amfObject(
      { messageId: 'A', clientId: null, destination: '', headers: {}, timestamp: 0, timeToLive: 0, ...members },
      `flex.messaging.messages.${type}`,
    );
    const args = version === 3 ? [new Amf3Value(message)] : [message];
    const [answer] = (await post(to, { version, messages: [call('null', args)] })).messages;
    const value = answer?.value as AmfObject;
    return { target: answer?.targetUri, className: value.className, members: Object.fromEntries(value.properties) };
  }

  it.each([0, 3])('is acknowledged, in version %d', async (version) => {
    const to = await start(poll);
    const ping = await send(to, 'CommandMessage', { operation: 5, body: {} }, version);
    expect(ping).toMatchObject({
      target: '/1/onResult',
      className: 'flex.messaging.messages.AcknowledgeMessage',
      members: { correlationId: 'A', body: null },
    });
    const members = { source: null, destination: 'poll', operation: 'vote', body: ['red'], clientId: 'B' };
    const voted = await send(to, 'RemotingMessage', members, version);
    expect(voted).toMatchObject({ target: '/1/onResult', members: { correlationId: 'A', clientId: 'B' } });
    expect(plain(voted.members.body)).toEqual({ voted: 'red' });
    expect(voted.members.messageId).toMatch(/^[\dA-F]{8}(-[\dA-F]{4}){3}-[\dA-F]{12}$/);
  });

  it('finds procedures by source, destination, or the operation alone', async () => {
    const to = await start(poll);
    const bySource = await send(to, 'RemotingMessage', {
      source: 'poll',
      destination: 'x',
      operation: 'vote',
      body: [1],
    });
    expect(bySource.target).toBe('/1/onResult');
    const bare = await send(to, 'RemotingMessage', { destination: 'fluorine', operation: 'bare', body: null });
    expect(bare.members.body).toBe('bare');
  });

  it('gets an ErrorMessage for what fails', async () => {
    const to = await start(poll);
    expect(await send(to, 'RemotingMessage', { destination: 'poll', operation: 'none', body: [] })).toMatchObject({
      target: '/1/onStatus',
      className: 'flex.messaging.messages.ErrorMessage',
      members: {
        correlationId: 'A',
        faultCode: 'Server.ResourceUnavailable',
        faultString: 'Method not found (poll.none).',
        faultDetail: 'NetConnection.Call.Failed',
      },
    });
    expect((await send(to, 'RemotingMessage', { operation: 'no' })).members).toMatchObject({
      faultCode: 'NetConnection.Call.Prohibited',
      faultString: 'Too late.',
    });
    // Subscribe.
    expect(await send(to, 'CommandMessage', { operation: 0 })).toMatchObject({ target: '/1/onStatus' });
  });

  it('logs in and out', async () => {
    const to = await start({
      onConnect({ commandObject }) {
        if (commandObject.get('password') === 'wrong') throw reject('Wrong password.');
      },
    });
    const login = (text: string) => ({ operation: 8, body: Buffer.from(text).toString('base64') });
    expect((await send(to, 'CommandMessage', login('ann:right'))).members).toMatchObject({ body: 'success' });
    expect((await send(to, 'CommandMessage', { operation: 9 })).members).toMatchObject({ body: 'success' });
    expect((await send(to, 'CommandMessage', login('ann:wrong'))).members).toMatchObject({
      faultString: 'Wrong password.',
      faultDetail: 'NetConnection.Connect.Rejected',
    });
  });
});

describe('bad input', () => {
  it.each([
    ['no packet', Uint8Array.of(1, 2, 3), /^ERR_AMF_PACKET_TRUNCATED: .* \(at byte 2\)$/],
    ['an array that lies', Buffer.from('000000000001000161000161ffffffff0affffffff', 'hex'), /^ERR_AMF0_TRUNCATED: /],
    [
      'a long response URI',
      encodeAmfPacket({ version: 0, messages: [call('a', [], 'x'.repeat(257))] }),
      /RESPONSE_URI/,
    ],
  ])('%s: 400, and nothing is called', async (_name, body, message) => {
    let connected = 0;
    const to = await start({
      onConnect() {
        connected += 1;
      },
    });
    const response = await fetch(`http://127.0.0.1:${to.httpPort}/gateway`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-amf' },
      body: body as Uint8Array<ArrayBuffer>,
    });
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({ error: 'bad-request', message: expect.stringMatching(message) });
    expect(connected).toBe(0);
  });

  it('limits.amfElements and limits.amfDepth hold', async () => {
    const to = await start(calculator, 'limits.amfElements=16', 'limits.amfDepth=3');
    const url = `http://127.0.0.1:${to.httpPort}/gateway`;
    const headers = { 'content-type': 'application/x-amf' };
    for (const args of [Array.from({ length: 16 }, () => 1), [[[[]]]]]) {
      const body = encodeAmfPacket({ version: 0, messages: [call('echo', args)] }) as Uint8Array<ArrayBuffer>;
      expect((await fetch(url, { method: 'POST', headers, body })).status).toBe(400);
    }
    expect(answersOf(await post(to, { version: 0, messages: [call('echo', [[1]])] }))).toEqual([['/1/onResult', [1]]]);
  });

  it('a packet in a request that asks for another protocol is answered as any other', async () => {
    const to = await start(calculator);
    const socket = connect(to.httpPort, '127.0.0.1');
    let received = '';
    socket.on('data', (bytes) => {
      received += bytes.toString('latin1');
    });
    const closed = new Promise<void>((resolve) => socket.on('close', () => resolve()));
    const head = 'POST /gateway HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-amf\r\nContent-Length: 6';
    socket.write(`${head}\r\nConnection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\n\r\n${'\0'.repeat(6)}`);
    await closed;
    expect(received).toMatch(/^HTTP\/1\.1 200 /);
    expect(received).toContain('application/x-amf');
  });

  it('a client that goes before its answer takes nothing with it', async () => {
    const called = gate();
    const release = gate();
    const gone = gate();
    let later = 0;
    const to = await start({
      onDisconnect({ app }) {
        if (app === 'leaver') gone.open();
      },
      procedures: {
        async wait() {
          called.open();
          await release.passed;
        },
        later() {
          later += 1;
        },
      },
    });
    const body = encodeAmfPacket({ version: 0, messages: [call('wait'), call('later')] });
    const request = httpRequest({
      host: '127.0.0.1',
      port: to.httpPort,
      path: '/gateway/leaver',
      method: 'POST',
      headers: { 'content-type': 'application/x-amf', 'content-length': body.length },
    });
    const closed = new Promise<void>((resolve) => request.on('error', () => resolve()));
    request.end(body);
    await called.passed;
    request.destroy();
    await closed;
    // Another round trip: the server has seen the end of the first connection by then.
    await post(to, { version: 0, messages: [call('none')] });
    release.open();
    await gone.passed;
    expect(later).toBe(0);
  });
});
