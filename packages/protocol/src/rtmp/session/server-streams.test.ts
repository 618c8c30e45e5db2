import { describe, expect, it } from 'vitest';
import { AmfObject } from '../../amf/index.js';
import { joinAggregate, type RawMessage } from '../message/index.js';
import { describeMessage, ScriptedClient } from './scripted-client.js';
import { commandCases, publishStart } from './server-commands.vectors.js';
import type { ServerEvent } from './server-event.js';

const payload = Uint8Array.from([0x17, 1, 0, 0, 0]);

function media(messageTypeId: number, messageStreamId = 1, timestamp = 0): RawMessage {
  return { messageTypeId, timestamp, messageStreamId, payload };
}

/** What happened, a line for each event. */
function describeEvents(events: readonly ServerEvent[]): string[] {
  return events.map((event) => {
    switch (event.type) {
      case 'connect':
        return `connect ${event.request.app}`;
      case 'publish': {
        const { messageStreamId, streamName, query, publishType } = event.request;
        return `publish ${messageStreamId} ${streamName}?${query} ${publishType}`;
      }
      case 'play': {
        const { messageStreamId, streamName, query, start, duration, reset, transition } = event.request;
        const change = transition && ` ${transition.kind} ${transition.oldStreamName} ${transition.offsetMs}`;
        return `play ${messageStreamId} ${streamName}?${query} ${start} ${duration} ${reset}${change ?? ''}`;
      }
      case 'serve':
        return `serve ${event.request.messageStreamId} ${event.request.streamName}`;
      case 'service':
        return `service ${event.call.messageStreamId} ${event.call.args.length}`;
      case 'sharedObject':
        return `sharedObject ${event.content.name}`;
      case 'stopped':
        return `stopped ${event.messageStreamId} ${event.role} ${event.reason}`;
      case 'media':
        return `media ${event.messageStreamId} ${event.message.messageTypeId} ${event.message.timestamp}`;
      case 'pause':
        return `pause ${event.messageStreamId} ${event.pause} ${event.timeMs}`;
      case 'receiveAudio':
      case 'receiveVideo':
        return `${event.type} ${event.messageStreamId} ${event.receive}`;
      case 'bufferLength':
        return `bufferLength ${event.messageStreamId} ${event.bufferMs}`;
      case 'seek':
        return `seek ${event.request.messageStreamId} ${event.request.timeMs}`;
      case 'call':
        return `call ${event.request.name}`;
      case 'answer':
        return `answer ${event.answer.transactionId} ${event.answer.ok}`;
      case 'subscribe':
        return `subscribe ${event.request.streamName}`;
      case 'closed':
        return 'closed';
      case 'failed':
        return `failed ${event.error.code}`;
      default:
        return event satisfies never;
    }
  });
}

describe('commands', () => {
  it.each(commandCases)('$name ($on)', ({ on, command, lines, events }) => {
    const client = ScriptedClient[on]();
    client.takeEvents();
    client.command(...command);
    expect(client.takeLines()).toEqual(lines);
    expect(describeEvents(client.takeEvents())).toEqual(events);
  });
});

describe('a recording', () => {
  it('says at its end what was played, and can still be sought in', () => {
    const client = ScriptedClient.playingRecorded();
    client.session.playComplete(1, { durationMs: 1500, bytes: 2000 });
    const [data, ...rest] = client.takeMessages();
    expect(data).toMatchObject({ type: 'data', messageStreamId: 1, timestamp: 0, values: ['onPlayStatus', {}] });
    const [, info] = data?.type === 'data' ? data.values : [];
    expect(info).toEqual(
      new AmfObject([
        ['level', 'status'],
        ['code', 'NetStream.Play.Complete'],
        ['duration', 1.5],
        ['bytes', 2000],
      ]),
    );
    expect(rest.map(describeMessage)).toEqual(['streamEof 1', '1 status NetStream.Play.Stop']);
    client.command('seek', 0, [0], 1);
    expect(client.takeLines()).toContain('1 status NetStream.Seek.Notify');
  });

  it('is followed by what was queued', () => {
    const client = ScriptedClient.playingRecorded();
    client.command('play', 0, ['b', 0, -1, false], 1);
    const [event] = client.takeEvents();
    if (event?.type !== 'play') throw new Error('no play');
    client.session.playNext(event.request, { recorded: true });
    expect(client.takeLines()).toEqual([
      '1 data onPlayStatus NetStream.Play.Switch',
      'streamIsRecorded 1',
      'streamBegin 1',
      '1 status NetStream.Play.Start',
    ]);
  });

  it('goes on when what was to be queued is refused', () => {
    const client = ScriptedClient.playingRecorded({ autoAccept: true });
    client.autoAccept = false;
    client.command('play', 0, ['b', 0, -1, false], 1);
    const [event] = client.takeEvents();
    if (event?.type !== 'play') throw new Error('no play');
    client.session.reject(event.request, { code: 'NetStream.Play.StreamNotFound' });
    client.session.playComplete(1, { durationMs: 1, bytes: 1 });
    expect(client.takeLines().slice(0, 2)).toEqual([
      '1 error NetStream.Play.StreamNotFound',
      '1 data onPlayStatus NetStream.Play.Complete',
    ]);
  });

  it('says when the change to another stream is done', () => {
    const client = ScriptedClient.playingRecorded();
    client.command('play2', 0, [{ streamName: 'b', transition: 'switch' }], 1);
    const [event] = client.takeEvents();
    client.takeLines();
    if (event?.type !== 'play') throw new Error('no play');
    client.session.playNext(event.request, { recorded: true });
    expect(client.takeLines()).toEqual(['1 data onPlayStatus NetStream.Play.TransitionComplete']);
  });

  it('answers the newest seek only', () => {
    const client = ScriptedClient.playingRecorded();
    client.autoAccept = false;
    client.command('seek', 0, [1], 1);
    client.command('seek', 0, [2], 1);
    const [first, second] = client.takeEvents();
    if (first?.type !== 'seek' || second?.type !== 'seek') throw new Error('no seeks');
    expect(client.session.accept(first.request)).toBe(false);
    expect(client.takeLines()).toEqual([]);
    expect(client.session.accept(second.request)).toBe(true);
    expect(() => client.session.accept(second.request)).toThrow('a seek request is answered twice');
  });
});

describe('a live stream', () => {
  const playing = (ends: boolean): ScriptedClient => {
    const client = ScriptedClient.connected();
    client.autoAccept = false;
    client.command('createStream', 2);
    client.command('play', 0, ['a', -1], 1);
    const [event] = client.takeEvents();
    if (event?.type !== 'play') throw new Error('no play');
    client.session.accept(event.request, { ends });
    client.takeLines();
    return client;
  };

  it('that has an end is followed by what was queued', () => {
    const client = playing(true);
    client.command('play', 0, ['b', -1, -1, false], 1);
    const [event, ...others] = client.takeEvents();
    if (event?.type !== 'play') throw new Error('no play');
    expect(others).toEqual([]);
    client.session.accept(event.request);
    expect(client.takeLines()).toEqual([]);
    client.session.playNext(event.request);
    expect(client.takeLines()).toEqual([
      '1 data onPlayStatus NetStream.Play.Switch',
      'streamBegin 1',
      '1 status NetStream.Play.Start',
    ]);
    client.command('play', 0, ['c', -1, -1, false], 1);
    expect(describeEvents(client.takeEvents())[0]).toContain('stopped');
  });

  it.each(['switch', 'swap', 'append', 'appendAndWait'])('goes on while %s is decided', (transition) => {
    const client = playing(false);
    client.command('play2', 0, [{ streamName: 'b', transition }], 1);
    const [event, ...others] = client.takeEvents();
    if (event?.type !== 'play') throw new Error('no play');
    expect(others).toEqual([]);
    client.session.reject(event.request, { code: 'NetStream.Play.Failed' });
    expect(client.takeLines()).toEqual(['1 error NetStream.Play.Failed']);
    client.session.unpublishNotify(1);
    expect(client.takeLines()).toContain('1 status NetStream.Play.UnpublishNotify');
  });

  it.each(['reset', 'resume', undefined])('is over with %s', (transition) => {
    const client = playing(true);
    client.command('play2', 0, [{ streamName: 'b', transition }], 1);
    expect(client.takeEvents().map(({ type }) => type)).toEqual(['stopped', 'play']);
  });
});

describe('message streams', () => {
  it('are many, and their ids are used again', () => {
    const client = ScriptedClient.connected({ limits: { maxMessageStreams: 3 } });
    for (const transactionId of [2, 3, 4, 5]) client.command('createStream', transactionId);
    expect(client.takeLines()).toEqual([
      '0 _result 2 1',
      '0 _result 3 2',
      '0 _result 4 3',
      '0 _error 5 NetConnection.Call.Failed',
    ]);
    client.command('deleteStream', 0, [2]);
    client.command('createStream', 6);
    expect(client.takeLines()).toEqual(['0 _result 6 2']);
  });

  it('publish and play side by side', () => {
    const client = ScriptedClient.publishing();
    client.command('createStream', 3);
    client.command('play', 0, ['b'], 2);
    client.takeLines();
    client.command('deleteStream', 0, [1]);
    client.session.publishNotify(2);
    expect(client.takeLines()).toEqual([
      '1 status NetStream.Unpublish.Success',
      'streamBegin 2',
      '2 status NetStream.Play.PublishNotify',
    ]);
  });

  it('carry media of all kinds while they publish', () => {
    const client = ScriptedClient.publishing();
    const aggregate = joinAggregate([media(8, 1, 40), media(20, 1, 41), media(9, 1, 42)]);
    client.sendRaw(media(8, 1, 10), media(9, 1, 20), media(18, 1, 21), media(15, 1, 22), media(99, 1, 23), aggregate);
    expect(describeEvents(client.takeEvents())).toEqual([
      'media 1 8 10',
      'media 1 9 20',
      'media 1 18 21',
      'media 1 15 22',
      'media 1 8 40',
      'media 1 9 42',
    ]);
  });

  it('fail on a broken aggregate', () => {
    const client = ScriptedClient.publishing();
    client.sendRaw(media(22));
    expect(describeEvents(client.takeEvents())).toEqual(['failed ERR_RTMP_MESSAGE_AGGREGATE_SHORT']);
  });

  it('leave stray media alone, as far as the limit', () => {
    const client = ScriptedClient.publishing({ limits: { maxStrayMessages: 3 } });
    client.command('closeStream', 0, [], 1);
    client.takeEvents();
    client.sendRaw(media(8), media(9, 0), media(18, 7));
    client.command('publish', 0, ['a'], 1);
    client.sendRaw(media(8, 2), media(8, 2), media(8, 2));
    expect(describeEvents(client.takeEvents())).toEqual(['publish 1 a? live']);
    client.sendRaw(media(8, 2));
    expect(describeEvents(client.takeEvents())).toEqual(['failed ERR_RTMP_SESSION_STRAY_MEDIA']);
  });

  it('tell how long the client buffers', () => {
    const client = ScriptedClient.withStream();
    const event = { type: 'setBufferLength', messageStreamId: 1, bufferMs: 3000 } as const;
    client.send({ type: 'userControl', timestamp: 0, messageStreamId: 0, event });
    expect(describeEvents(client.takeEvents()).at(-1)).toBe('bufferLength 1 3000');
  });

  it('remember what was to be received before they play', () => {
    const client = ScriptedClient.withStream();
    client.command('receiveVideo', 0, [false], 1);
    client.command('play', 0, ['a'], 1);
    expect(client.takeEvents().at(-1)).toMatchObject({ request: { receiveAudio: true, receiveVideo: false } });
  });
});

describe('requests that are answered later', () => {
  function requested(name: 'publish' | 'play') {
    const client = ScriptedClient.withStream();
    client.autoAccept = false;
    client.command(name, 0, ['a'], 1);
    const event = client.takeEvents().at(-1);
    if (event?.type !== 'publish' && event?.type !== 'play') throw new Error(`no ${name}`);
    return { client, request: event.request };
  }

  it('hold up the media behind them', () => {
    const { client, request } = requested('publish');
    client.sendRaw(media(9, 1, 1), media(8, 1, 2));
    client.sendRaw(media(9, 1, 3));
    expect(client.session.paused).toBe(true);
    expect(client.takeEvents()).toEqual([]);
    expect(client.session.accept(request)).toBe(true);
    expect(client.takeLines()).toEqual(publishStart);
    expect(describeEvents(client.takeEvents())).toEqual(['media 1 9 1', 'media 1 8 2', 'media 1 9 3']);
    expect(client.session.paused).toBe(false);
  });

  it('make the media behind them stray when they are refused', () => {
    const { client, request } = requested('publish');
    client.sendRaw(media(9));
    client.session.reject(request, { code: 'NetStream.Publish.BadName', description: 'a is taken.' });
    client.command('getStreamLength', 9);
    expect(client.takeLines()).toEqual(['1 error NetStream.Publish.BadName', '0 _result 9 0']);
    expect(client.takeEvents()).toEqual([]);
  });

  it('can be tried again when they were refused', () => {
    const { client, request } = requested('play');
    client.session.reject(request, { code: 'App.NotToday' });
    client.command('play', 0, ['b'], 1);
    expect(client.takeLines()).toEqual(['1 error App.NotToday']);
    expect(describeEvents(client.takeEvents())).toEqual(['play 1 b? -2 -1 true']);
  });

  it.each(['publish', 'play'] as const)('lapse when the stream is deleted: %s', (name) => {
    const { client, request } = requested(name);
    client.command('deleteStream', 0, [1]);
    expect(describeEvents(client.takeEvents())).toEqual([`stopped 1 ${name} deleteStream`]);
    client.command('createStream', 3);
    expect(client.session.accept(request)).toBe(false);
    expect(client.takeLines()).toEqual(['0 _result 3 1']);
  });

  it('lapse when the session ends', () => {
    const { client, request } = requested('publish');
    client.session.close();
    expect(client.session.accept(request)).toBe(false);
    expect(client.takeLines()).toEqual([]);
  });

  it('let other streams go on', () => {
    const { client } = requested('play');
    client.command('createStream', 3);
    expect(client.takeLines()).toEqual(['0 _result 3 2']);
  });
});

describe('the server', () => {
  it('tells players of their publisher', () => {
    const client = ScriptedClient.playing();
    client.session.publishNotify(1);
    client.session.unpublishNotify(1);
    client.session.playStop(1);
    client.session.publishNotify(1);
    client.session.playStop(1);
    expect(client.takeLines()).toEqual([
      'streamBegin 1',
      '1 status NetStream.Play.PublishNotify',
      '1 status NetStream.Play.UnpublishNotify',
      'streamEof 1',
      'streamEof 1',
      '1 status NetStream.Play.Stop',
    ]);
    expect(client.takeEvents()).toEqual([]);
  });

  it('tells publishers nothing of the sort', () => {
    const client = ScriptedClient.publishing();
    client.session.publishNotify(1);
    client.session.unpublishNotify(1);
    client.session.playStop(1);
    expect(client.takeLines()).toEqual([]);
  });

  it('starts data when told to', () => {
    const client = ScriptedClient.withStream({ dataStart: true });
    client.command('play', 0, ['a'], 1);
    expect(client.takeLines().at(-1)).toBe('1 data onStatus NetStream.Data.Start');
  });

  it('answers calls, unless no answer is wanted', () => {
    const client = ScriptedClient.withStream();
    client.takeEvents();
    for (const transactionId of [5, 0, 6]) client.command('what', transactionId, [], 1);
    const [first, second, third] = client.takeEvents();
    if (first?.type !== 'call' || second?.type !== 'call' || third?.type !== 'call') throw new Error('no calls');
    client.session.respond(first.request, { code: 'fine' }, 2);
    client.session.respond(second.request, 1);
    client.session.rejectCall(third.request);
    expect(client.takeLines()).toEqual(['1 _result 5 fine 2', '1 _error 6 NetConnection.Call.Failed']);
  });
});

describe('services', () => {
  const serviceMessageName = 'cdnunion20170314';
  function serving() {
    const client = ScriptedClient.withStream({ serviceMessageName });
    client.command('serve', 0, ['room'], 1);
    const event = client.takeEvents().at(-1);
    if (event?.type !== 'serve') throw new Error('no serve');
    return { client, request: event.request };
  }

  it('are attached to by serve, and their messages wait until that is granted', () => {
    const { client, request } = serving();
    expect(request).toEqual({ kind: 'serve', messageStreamId: 1, streamName: 'room' });
    client.command(serviceMessageName, 0, [null], 1);
    expect(describeEvents(client.takeEvents())).toEqual([]);
    client.session.accept(request, { code: 'NetStream.Serve.Create', description: 'made' });
    expect(client.takeLines()).toEqual(['1 status NetStream.Serve.Create']);
    expect(describeEvents(client.takeEvents())).toEqual(['service 1 1']);
    client.command('closeStream', 0, [], 1);
    expect(describeEvents(client.takeEvents())).toEqual(['stopped 1 serve closeStream']);
    expect(client.takeLines()).toEqual([]);
  });

  it('may be refused, and asked for again', () => {
    const { client, request } = serving();
    client.session.reject(request, { code: 'NetStream.Serve.Error', description: 'no' });
    client.command('serve', 0, [7], 1);
    expect(client.takeLines()).toEqual(['1 error NetStream.Serve.Error']);
    expect(describeEvents(client.takeEvents())).toEqual(['serve 1 ']);
  });

  it('have no messages on streams that are attached to none', () => {
    const client = ScriptedClient.publishing({ serviceMessageName });
    client.command(serviceMessageName, 0, [null], 1);
    client.command(serviceMessageName, 0, [null], 0);
    client.command('serve', 0, ['room'], 9);
    expect(client.takeLines()).toEqual([
      '1 error NetStream.Serve.Error',
      '0 error NetStream.Serve.Error',
      '9 error NetStream.Serve.Error',
    ]);
    expect(describeEvents(client.takeEvents())).toEqual([]);
  });
});
