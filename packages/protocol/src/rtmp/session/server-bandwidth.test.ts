import { describe, expect, it } from 'vitest';
import type { CommandMessage, Message } from '../message/index.js';
import { failureOf, ScriptedClient, type ScriptedClientOptions } from './scripted-client.js';

function commands(client: ScriptedClient): CommandMessage[] {
  return client.takeMessages().filter((message: Message) => message.type === 'command');
}

/** Answers each call of the check, after `ms`, until it is done: what was called, and with how much. */
function converse(client: ScriptedClient, check: string, ms: number, answer = '_result'): string[] {
  const log: string[] = [];
  for (let waiting = commands(client); waiting.length > 0; waiting = commands(client)) {
    for (const { name, transactionId, args } of waiting) {
      const [first] = args;
      log.push(`${name} ${typeof first === 'string' ? first.length : args.join(' ')}`.trim());
      if (name !== check) continue;
      client.nowMs += ms;
      client.command(answer, transactionId, [1]);
    }
  }
  return log;
}

function asking(command: string, transactionId = 0, options?: ScriptedClientOptions): ScriptedClient {
  const client = ScriptedClient.connected(options);
  client.command(command, transactionId);
  return client;
}

describe('checkBandwidth', () => {
  it('calls onBWCheck with more and more, then onBWDone with what came of it', () => {
    const client = asking('checkBandwidth');
    expect(converse(client, 'onBWCheck', 40)).toEqual([
      'onBWCheck 0',
      'onBWCheck 8192',
      'onBWCheck 32768',
      'onBWCheck 61440',
      'onBWDone 491520 491.52 0.001 40',
    ]);
    // The application hears nothing of it.
    expect(client.takeEvents()).toEqual([]);
  });

  it('is answered where an answer is wanted', () => {
    expect(asking('checkBandwidth', 7).takeLines()).toEqual(['0 _result 7 undefined', '0 onBWCheck 1 ']);
  });

  it('runs once at a time, and again when it is over', () => {
    const client = asking('checkBandwidth');
    client.command('checkBandwidth', 0);
    client.command('_checkbw', 0);
    const log = converse(client, 'onBWCheck', 1);
    expect(log.filter((line) => line.endsWith('k 0'))).toHaveLength(1);
    expect(log.filter((line) => line.startsWith('onBWDone'))).toHaveLength(1);
    expect(log.filter((line) => line.startsWith('_onbwdone'))).toHaveLength(1);
    client.command('_checkbw', 0);
    expect(converse(client, '_onbwcheck', 1)).toHaveLength(5);
  });

  it('goes to the application that has such a procedure', () => {
    const client = ScriptedClient.handshaken({ autoAccept: false });
    client.connect();
    const [connect] = client.takeEvents();
    if (connect?.type !== 'connect') throw new Error('no connect');
    const ownCommands = ['checkBandwidth', 'getStreamLength', 'createStream', '_checkbw', 'connect'];
    client.session.accept(connect.request, { ownCommands });
    client.takeMessages();
    for (const name of ['checkBandwidth', 'getStreamLength', 'createStream']) client.command(name, 0);
    expect(client.takeEvents().map((event) => (event.type === 'call' ? event.request.name : event.type))).toEqual([
      'checkBandwidth',
      'getStreamLength',
    ]);
  });
});

describe('_checkbw', () => {
  it('is the same with _onbwcheck and _onbwdone, as librtmp answers it', () => {
    const client = asking('_checkbw', 3);
    expect(converse(client, '_onbwcheck', 1200)).toEqual([
      '_result',
      '_onbwcheck 0',
      '_onbwcheck 8192',
      '_onbwcheck 32768',
      '_onbwcheck 61440',
      '_onbwdone 491520 491.52 0.001 1200',
    ]);
  });

  it('ends by itself where the client never answers, as ffmpeg does', () => {
    const client = asking('_checkbw', 3);
    expect(client.takeLines()).toEqual(['0 _result 3 undefined', '0 _onbwcheck 1 ']);
    expect(client.session.nextDeadlineMs()).toBe(client.nowMs + 10_000);
    client.advance(9_999);
    expect(client.takeLines()).toEqual([]);
    client.advance(1);
    expect(client.takeLines()).toEqual(['0 _onbwdone 0 0 0 0 0']);
    // Too late, and asked for by nobody.
    client.command('_result', 1, [1]);
    expect(client.takeLines()).toEqual([]);
    expect(client.takeEvents()).toEqual([]);
  });

  it('sends no payload to a client that refuses the first call', () => {
    expect(converse(asking('_checkbw'), '_onbwcheck', 30, '_error')).toEqual(['_onbwcheck 0', '_onbwdone 0 0 0 30']);
  });

  it('costs a client that does not ask no deadline', () => {
    const { session, nowMs } = ScriptedClient.connected({ limits: { idleTimeoutMs: 0 } });
    expect(session.nextDeadlineMs()).toBeUndefined();
    expect(nowMs).toBe(1_000);
  });
});

describe('a check', () => {
  it('never sends more than half of what may wait for the client', () => {
    const client = asking('checkBandwidth', 0, { limits: { maxQueuedBytes: 40_000 } });
    expect(converse(client, 'onBWCheck', 1)).toEqual([
      'onBWCheck 0',
      'onBWCheck 8192',
      'onBWDone 65536 65.536 0.001 1',
    ]);
    expect(failureOf(client.takeEvents())).toBeUndefined();
  });

  it('cannot be used to fill the queue, answered in advance as it may be', () => {
    const client = ScriptedClient.connected({ limits: { maxQueuedBytes: 200_000 } });
    const call = (name: string, transactionId: number) =>
      ({
        type: 'command',
        timestamp: 0,
        messageStreamId: 0,
        encoding: 'amf0',
        name,
        transactionId,
        commandObject: null,
        args: [],
      }) as const;
    client.send(...Array.from({ length: 100 }, (_, i) => [call('checkBandwidth', 0), call('_result', i + 1)]).flat());
    expect(failureOf(client.takeEvents())).toBeUndefined();
    const sent = commands(client).reduce(
      (sum, { args: [first] }) => sum + (typeof first === 'string' ? first.length : 0),
      0,
    );
    expect(sent).toBeGreaterThan(50_000);
    expect(sent).toBeLessThan(120_000);
  });

  it('gives way where all calls of the server wait', () => {
    const client = ScriptedClient.connected({ limits: { maxPendingCalls: 1 } });
    client.session.call('a', []);
    client.command('checkBandwidth', 0);
    expect(client.takeLines()).toEqual(['0 a 1', '0 onBWDone 0 0 0 0 0']);
  });

  it('leaves the answers to other calls alone', () => {
    const client = asking('checkBandwidth');
    const id = client.session.call('a', []);
    client.command('_result', id, [5]);
    expect(client.takeEvents()).toMatchObject([{ type: 'answer', answer: { transactionId: id, args: [5] } }]);
  });

  it('ends with the session', () => {
    const client = asking('checkBandwidth');
    client.takeMessages();
    client.command('close', 0);
    client.advance(20_000);
    expect(client.takeLines()).toEqual([]);
    expect(client.session.nextDeadlineMs()).toBeUndefined();
  });
});
