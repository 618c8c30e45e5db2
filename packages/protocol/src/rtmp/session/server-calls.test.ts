import { describe, expect, it } from 'vitest';
import type { ServerEvent } from './server-event.js';
import { SessionPair } from './session-pair.js';

function connectedPair(): SessionPair {
  const pair = new SessionPair({ server: { limits: { maxPendingCalls: 2 } } });
  pair.client.connect({ app: 'live', tcUrl: 'rtmp://localhost/live' });
  pair.run();
  return pair;
}

function answers(pair: SessionPair): ServerEvent[] {
  pair.run();
  return pair.takeEvents().server.filter(({ type }) => type === 'answer');
}

/** The calls that have reached the client. */
function calls(pair: SessionPair) {
  pair.run();
  return pair.takeEvents().client.flatMap((event) => (event.type === 'call' ? [event.call] : []));
}

describe('calls of the server', () => {
  it('hands on _result and _error, each by its transaction id', () => {
    const pair = connectedPair();
    const first = pair.server.call('chat.hello', ['you', 7]);
    const second = pair.server.call('refuse', []);
    const [hello, refuse] = calls(pair).filter(({ transactionId }) => transactionId !== 0);
    expect(hello).toMatchObject({ name: 'chat.hello', transactionId: first, args: ['you', 7] });
    if (hello !== undefined && refuse !== undefined) {
      pair.client.rejectCall(refuse, 'no');
      pair.client.respond(hello, 'hello back');
    }
    expect(answers(pair)).toMatchObject([
      { answer: { transactionId: second, ok: false } },
      { answer: { transactionId: first, ok: true, args: ['hello back'] } },
    ]);
  });

  it('drops answers that nobody waits for', () => {
    const pair = connectedPair();
    const id = pair.server.call('slow', []);
    pair.server.forgetCall(id);
    const [slow] = calls(pair).filter(({ transactionId }) => transactionId === id);
    if (slow !== undefined) pair.client.respond(slow, 1);
    pair.client.call('_result', [1]);
    expect(answers(pair)).toEqual([]);
  });

  it('lets only so many wait', () => {
    const { server } = connectedPair();
    server.call('a', []);
    server.call('b', []);
    expect(() => server.call('c', [])).toThrow(expect.objectContaining({ code: 'ERR_RTMP_PENDING_CALLS' }));
  });

  it('sends nothing where the arguments cannot be sent, or the session has ended', () => {
    const { server } = connectedPair();
    server.takeOutput();
    expect(() => server.call('a', [Symbol('a') as unknown as string])).toThrow();
    expect(server.takeOutput()).toBeUndefined();
    server.close();
    expect(server.call('a', [])).toBe(0);
    expect(server.takeOutput()).toBeUndefined();
  });
});

describe('a result that cannot be sent', () => {
  it('leaves the call to be refused', () => {
    const pair = connectedPair();
    const id = pair.client.call('get', []);
    pair.run();
    const request = pair.takeEvents().server.flatMap((event) => (event.type === 'call' ? [event.request] : []))[0];
    if (request === undefined) throw new Error('no call');
    expect(() => pair.server.respond(request, Symbol('a') as unknown as string)).toThrow();
    pair.server.rejectCall(request, 'not for you', 'NetConnection.Call.Prohibited');
    pair.run();
    expect(pair.takeEvents().client).toMatchObject([
      {
        type: 'error',
        transactionId: id,
        status: { code: 'NetConnection.Call.Prohibited', description: 'not for you' },
      },
    ]);
  });
});
