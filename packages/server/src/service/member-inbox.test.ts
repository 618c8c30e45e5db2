import {
  AmfObject,
  type AmfValue,
  type Danmu,
  formatDanmu,
  formatServiceHeader,
  type RtmpRemoteError,
  type ServiceHeader,
} from '@millrace/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type InboxSettings, MemberInbox } from './member-inbox.js';
import type { Moderate } from './moderation.js';
import { encodeServiceMessage } from './service-encoding.js';
import { ServiceRoom } from './service-room.js';
import type { Upstream } from './upstream.js';
import { mayFit } from './value-size.js';

const settings: InboxSettings = {
  messageName: 'name',
  networkName: 'us',
  networkId: 'net-us',
  messagesPerSecond: 1_000_000,
  roomMessagesPerSecond: 1_000_000,
  danmuPerSecond: 0,
  maxMessageBytes: 4096,
  maxDanmuLength: 20,
};

function scene(options: { moderate?: Moderate; upstream?: Upstream; settings?: Partial<InboxSettings> } = {}) {
  let nowMs = 0;
  const refusals: string[] = [];
  const closed: string[] = [];
  const published: AmfValue[] = [];
  const failures: unknown[] = [];
  const room = new ServiceRoom({
    name: { app: 'live', name: 'room', path: '/live/room' },
    limits: {
      member: { queue: { maxMessages: 10, maxBytes: 10_000 }, timeoutMs: 1000, stallTimeoutMs: 1000 },
      duplicates: { maxMessages: 10, maxAgeMs: 1000 },
      messagesPerSecond: options.settings?.roomMessagesPerSecond ?? settings.roomMessagesPerSecond,
      danmuPerSecond: 0,
      history: 0,
    },
    now: () => nowMs,
    schedule: () => undefined,
  });
  const member = room.attach(
    { messageStreamId: 1, chunkSize: 128, objectEncoding: 0 },
    {
      pendingBytes: 0,
      write: () => undefined,
      refuse: (description) => void refusals.push(description),
      close: (error: RtmpRemoteError) => void closed.push(error.code),
      failed: (err) => void failures.push(err),
    },
  );
  const inbox = new MemberInbox({
    room,
    member,
    settings: { ...settings, ...options.settings },
    moderate: options.moderate,
    upstream: options.upstream,
    publish: ({ danmu, header }) => void published.push(danmu?.content ?? header.messageId),
    now: () => nowMs,
  });
  return {
    inbox,
    room,
    refusals,
    closed,
    published,
    failures,
    take: (header: AmfValue, ...args: AmfValue[]) => inbox.take({ messageStreamId: 1, header, args }),
    wait: (ms: number) => {
      nowMs += ms;
    },
  };
}

let count = 0;
function header(changes: Partial<ServiceHeader> = {}): AmfObject {
  count += 1;
  return formatServiceHeader({
    version: 0,
    transimitType: 'broadcast',
    serviceType: 0,
    priority: 4,
    abandon: false,
    messageId: `m-${count}`,
    networkId: 'n',
    ...changes,
  });
}

function danmu(content: string, changes: Partial<Danmu> = {}): AmfObject {
  const rest = { userId: 'a', userLevel: '', deviceType: 0, roomId: '', timeStampMs: 0, danmuType: 0 };
  return formatDanmu({ ...rest, content, ...changes });
}

describe('MemberInbox', () => {
  it('lets a refused message be tried again under its id', () => {
    const { take, wait, published, room } = scene({ settings: { roomMessagesPerSecond: 1 } });
    take(header({ messageId: 'a' }), danmu('first'));
    take(header({ messageId: 'b' }), danmu('second'));
    wait(1000);
    take(header({ messageId: 'b' }), danmu('second'));
    take(header({ messageId: 'b' }), danmu('second'));
    expect(published).toEqual(['first', 'second']);
    expect([room.refused, room.duplicateMessages]).toEqual([1, 1]);
  });

  it('closes after too many faults, and forgives with time', () => {
    const { take, wait, refusals, closed } = scene();
    for (let i = 0; i < 20; i += 1) take(null);
    expect([refusals.length, closed]).toEqual([20, []]);
    wait(5000);
    take(null);
    expect(closed).toEqual([]);
    take(null);
    expect(closed).toEqual(['ERR_SERVICE_FAULTS']);
    take(header(), danmu('more'));
    expect(refusals).toHaveLength(21);
  });

  it('closes after a flood, which a pause ends', () => {
    const { take, wait, refusals, closed, published } = scene({ settings: { messagesPerSecond: 2 } });
    const say = (times: number) => {
      for (let i = 0; i < times; i += 1) take(header(), danmu('x'));
    };
    say(12);
    expect([published.length, refusals.length, closed]).toEqual([2, 10, []]);
    wait(60_000);
    say(22);
    expect(closed).toEqual([]);
    say(1);
    expect(closed).toEqual(['ERR_SERVICE_FLOOD']);
  });

  it('hands what is for the origin on, and answers it where that cannot be done', () => {
    const forwarded: string[] = [];
    const answers: unknown[] = [];
    const { take } = scene({
      upstream: {
        forward({ path }, message, answer) {
          forwarded.push(`${path} ${message.header.messageId}`);
          answers.push(answer);
          return message.header.messageId !== 'here';
        },
      },
    });
    take(header({ transimitType: 'origin', messageId: 'there' }), null);
    take(header({ transimitType: 'origin', messageId: 'here', serviceType: 1 }), null);
    take(header({ transimitType: 'edge', messageId: 'edge', serviceType: 1 }), null);
    expect(forwarded).toEqual(['/live/room there', '/live/room here']);
    expect(answers).toHaveLength(2);
  });

  it('sends nothing of a member that has gone while it was decided', async () => {
    let decide = (): void => undefined;
    const decision = new Promise<undefined>((resolve) => {
      decide = () => resolve(undefined);
    });
    const { take, inbox, published } = scene({ moderate: () => decision });
    take(header(), danmu('late'));
    inbox.closed();
    decide();
    await decision;
    expect(published).toEqual([]);
  });

  it.each([
    new Map() as unknown as AmfValue,
    { bytes: new Uint8Array(3) } as unknown as AmfValue,
    (() => 1) as unknown as AmfValue,
    'x'.repeat(5000),
  ])('refuses what a moderator makes of a message, where it cannot be sent', async (content) => {
    const { take, refusals, published, failures } = scene({ moderate: async () => ({ content }) });
    take(header({ serviceType: 5 }), 'x');
    await expect.poll(() => refusals.length + published.length).toBe(1);
    expect([refusals, failures]).toEqual([['The message cannot be sent as it was changed.'], []]);
  });

  it('answers anything with a refusal at most', () => {
    const value: fc.Arbitrary<AmfValue> = fc.letrec<{ value: AmfValue }>((tie) => ({
      value: fc.oneof(
        { depthSize: 'small' },
        fc.constantFrom<AmfValue>(null, undefined, true, 0, 1, 9, 10, -1, Number.NaN, '', 'm', 'x\u0000'),
        fc.string(),
        fc.uint8Array({ maxLength: 4 }),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.array(fc.tuple(fc.string(), tie('value')), { maxLength: 3 }).map((members) => new AmfObject(members)),
      ),
    })).value;
    const names = [...header().properties.keys(), 'transmitType'];
    fc.assert(
      fc.property(fc.constantFrom(...names), value, fc.array(value, { maxLength: 3 }), (name, member, args) => {
        const { take, refusals, published, room, failures } = scene();
        const changed = header({ serviceType: 7 });
        changed.properties.set(name, member);
        take(changed, ...args);
        expect(refusals.length + published.length).toBeLessThanOrEqual(1);
        expect(failures).toEqual([]);
        room.flush(1);
      }),
      { numRuns: 500, seed: 4 },
    );
  });
});

describe('mayFit', () => {
  it('never says no to what fits', () => {
    const nested = new AmfObject([
      ['a', ['text', 1, new AmfObject([['b', null]])]],
      ['c', 'd'],
    ]);
    const encoded = encodeServiceMessage('n', { priority: 0, abandon: true }, [nested]);
    expect(mayFit([nested], encoded?.amf3.length ?? 0)).toBe(true);
  });

  it('says no in good time to a text that is referred to a million times', () => {
    const text = 'x'.repeat(1000);
    const list: AmfValue[] = new Array(1_000_000).fill(text);
    expect(mayFit([list], 16_384)).toBe(false);
    expect(mayFit([new AmfObject([['bytes', new Uint8Array(20_000)]])], 16_384)).toBe(false);
    const cycle = new AmfObject();
    cycle.properties.set('self', cycle);
    expect(mayFit([cycle], 100)).toBe(true);
  });
});
