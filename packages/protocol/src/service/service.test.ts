import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  AmfDate,
  AmfDictionary,
  AmfEcmaArray,
  AmfExternalizable,
  AmfObject,
  AmfUnsupported,
  type AmfValue,
  AmfXml,
  decodeAmf0,
  encodeAmf0,
} from '../amf/index.js';
import { RtmpRemoteError, RtmpUsageError } from '../bytes/index.js';
import {
  capabilityQueryHeader,
  formatCapability,
  formatDanmu,
  formatServe,
  formatServiceHeader,
  parseCapability,
  parseDanmu,
  parseServe,
  parseServeAnswer,
  parseServiceHeader,
  parseServiceMessage,
  responseHeader,
  serveStatusCodes,
  serviceMessageName,
} from './index.js';
import {
  acceptedHeaders,
  capability,
  capabilityResponseHex,
  capabilityWith,
  danmu,
  danmuHeader,
  danmuMessageHex,
  danmuWith,
  headerWith,
  refusedCapabilities,
  refusedDanmus,
  refusedHeaders,
} from './service.vectors.js';

const fromHex = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, 'hex'));
const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

function errorOf(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  return undefined;
}

describe('a danmu on the wire', () => {
  it('is read', () => {
    const [name, transactionId, commandObject, ...args] = decodeAmf0(fromHex(danmuMessageHex));
    expect([name, transactionId]).toEqual([serviceMessageName, 0]);
    const message = parseServiceMessage(commandObject, args);
    expect(message.header).toEqual(danmuHeader);
    expect(message.headerValue).toBe(commandObject);
    expect(message.content).toBe(args[0]);
    expect(parseDanmu(message.content)).toEqual(danmu);
  });

  it('is written', () => {
    const values = [serviceMessageName, 0, formatServiceHeader(danmuHeader), formatDanmu(danmu)];
    expect(toHex(encodeAmf0(values))).toBe(danmuMessageHex);
  });
});

describe('a capability query', () => {
  const query = capabilityQueryHeader('q-1', 'net-01');

  it('goes to the edge', () => {
    expect(formatServiceHeader(query).properties).toEqual(
      new Map<string, AmfValue>([
        ['version', 0],
        ['transimitType', 1],
        ['serviceType', 1],
        ['priority', 0],
        ['abandon', false],
        ['messageID', 'q-1'],
        ['networkID', 'net-01'],
      ]),
    );
    expect(parseServiceMessage(formatServiceHeader(query), []).content).toBeNull();
  });

  it('is answered with its messageID', () => {
    const header = formatServiceHeader(responseHeader(query, 'net-02'));
    const bytes = encodeAmf0([serviceMessageName, 0, header, formatCapability(capability)]);
    expect(toHex(bytes)).toBe(capabilityResponseHex);
    const [, , commandObject, ...args] = decodeAmf0(bytes);
    const answer = parseServiceMessage(commandObject, args);
    expect(answer.header).toMatchObject({ transimitType: 'response', messageId: 'q-1', networkId: 'net-02' });
    expect(parseCapability(answer.content)).toEqual(capability);
    expect(responseHeader(query).networkId).toBe('net-01');
  });
});

describe('a header', () => {
  it.each(acceptedHeaders)('is accepted: $name', ({ value, expected }) => {
    expect(parseServiceHeader(value)).toMatchObject(expected);
  });

  it('is passed on with the members that nobody here knows', () => {
    const value = headerWith({ hops: [1, 2] });
    expect(parseServiceMessage(value, ['anything']).headerValue).toBe(value);
    expect(parseServiceMessage(headerWith({ serviceType: 99 }), [42]).content).toBe(42);
  });
});

describe('what is refused names the member', () => {
  const cases = [
    ...refusedHeaders.map((refused) => ({ ...refused, code: 'ERR_SERVICE_HEADER', parse: parseServiceHeader })),
    ...refusedDanmus.map((refused) => ({ ...refused, code: 'ERR_SERVICE_DANMU', parse: parseDanmu })),
    ...refusedCapabilities.map((refused) => ({ ...refused, code: 'ERR_SERVICE_CAPABILITY', parse: parseCapability })),
  ];
  it.each(cases)('$message', ({ value, message, code, parse }) => {
    const error = errorOf(() => parse(value));
    expect(error).toBeInstanceOf(RtmpRemoteError);
    expect(error).toMatchObject({ code, message });
  });
});

describe('a danmu', () => {
  it('may be longer or shorter by the limits of the caller', () => {
    const long = danmuWith({ content: 'x'.repeat(501) });
    expect(parseDanmu(long, { maxContentLength: 501 }).content).toHaveLength(501);
    expect(() => parseDanmu(long, { maxContentLength: 3 })).toThrow('content is 501 characters long, allowed up to 3');
    expect(() => parseDanmu(danmuWith({}), { maxRoomLength: 3 })).toThrow('roomID');
    expect(() => parseDanmu(danmuWith({}), { maxUserLength: 4 })).toThrow('userID');
  });

  it('may have several lines, a time zone, and be a gift', () => {
    const value = danmuWith({ content: 'a\n\tb', timeStamp: new AmfDate(5.5, 480), danmuType: 3, deviceType: 0 });
    expect(parseDanmu(value)).toMatchObject({ content: 'a\n\tb', timeStampMs: 5.5, danmuType: 3, deviceType: 0 });
  });
});

describe('our own mistakes are not the peer’s', () => {
  it.each([
    ['ERR_SERVICE_HEADER', () => formatServiceHeader({ ...danmuHeader, priority: 8 }), 'priority is 8, allowed 0 to 7'],
    ['ERR_SERVICE_DANMU', () => formatDanmu({ ...danmu, timeStampMs: Number.NaN }), 'timeStamp is not a valid date'],
    ['ERR_SERVICE_DANMU', () => formatDanmu(danmu, { maxContentLength: 1 }), 'content is 2 characters long'],
    ['ERR_SERVICE_CAPABILITY', () => formatCapability({ ...capability, service: -1 }), 'service is -1'],
    ['ERR_SERVICE_NAME', () => formatServe(''), 'the name of the service is empty'],
  ])('%s', (code, run, message) => {
    const error = errorOf(run);
    expect(error).toBeInstanceOf(RtmpUsageError);
    expect(error).toMatchObject({ code, message: expect.stringContaining(message) });
  });
});

describe('serve', () => {
  it('names a service', () => {
    expect(parseServe(['room 1', 'more'])).toBe('room 1');
    expect(parseServe(formatServe('x'.repeat(256)))).toHaveLength(256);
  });

  it.each<[string, AmfValue[]]>([
    ['the name of the service is not a string', []],
    ['the name of the service is not a string', [null]],
    ['the name of the service is empty', ['']],
    ['the name of the service is 257 characters long, allowed up to 256', ['x'.repeat(257)]],
    ['the name of the service holds a control character at 1', ['a\u0000']],
    ['the name of the service holds a control character at 0', ['\u0085']],
  ])('%s', (message, args) => {
    const error = errorOf(() => parseServe(args));
    expect(error).toBeInstanceOf(RtmpRemoteError);
    expect(error).toMatchObject({ code: 'ERR_SERVICE_NAME', message });
  });

  const info = (code: AmfValue, more: Record<string, AmfValue> = {}) =>
    new AmfObject(Object.entries({ code, ...more }));

  it.each<[string, AmfValue[], string | undefined]>([
    ['created', [null, info(serveStatusCodes.created)], 'created'],
    ['attached', [null, info(serveStatusCodes.attached)], 'attached'],
    ['attached, spelled right', [null, info('NetStream.Serve.Attach')], 'attached'],
    ['refused', [null, info(serveStatusCodes.refused, { level: 'error' })], 'refused'],
    ['refused for a reason of another server', [null, info('NetStream.Serve.Full', { level: 'error' })], 'refused'],
    ['an ECMA array', [null, new AmfEcmaArray([['code', 'NetStream.Serve.Create']])], 'created'],
    ['a bare string', [null, 'NetStream.Serve.Attache'], 'attached'],
    ['a bare string in the place of the command object', ['NetStream.Serve.Create'], 'created'],
    ['another status', [null, info('NetStream.Play.Start')], undefined],
    ['a status of serve that is no answer', [null, info('NetStream.Serve.Other', { level: 'status' })], undefined],
    ['nothing', [], undefined],
  ])('is answered: %s', (_, values, outcome) => {
    expect(parseServeAnswer(values)?.outcome).toBe(outcome);
  });

  it('has an answer with code and description', () => {
    const values = [null, info('NetStream.Serve.Error', { level: 'error', description: 'The name is taken.' })];
    expect(parseServeAnswer(values)).toEqual({
      outcome: 'refused',
      code: 'NetStream.Serve.Error',
      description: 'The name is taken.',
    });
  });
});

describe('any AMF values', () => {
  const { value: amfValue } = fc.letrec<{ value: AmfValue }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      fc.constantFrom<AmfValue>(null, undefined, true, false, 0, 1, 2, 10, -0, Number.NaN, Infinity, ''),
      fc.double(),
      fc.string({ unit: 'binary' }),
      fc.double().map((ms) => new AmfDate(ms)),
      fc.constantFrom<AmfValue>(new AmfUnsupported(), new AmfXml('<a/>'), Uint8Array.of(1), new AmfDictionary()),
      fc.array(tie('value'), { maxLength: 3 }),
      tie('value').map((value) => new AmfExternalizable('C', value)),
      fc.array(fc.tuple(fc.string(), tie('value')), { maxLength: 3 }).map((members) => new AmfObject(members)),
    ),
  }));
  // Objects that are right but for one or two members reach the checks that come late.
  const near = fc
    .tuple(
      fc.constantFrom(headerWith({}), danmuWith({}), capabilityWith({})),
      fc.array(fc.tuple(fc.nat(6), amfValue), { maxLength: 2 }),
      fc.boolean(),
    )
    .map(([object, changes, array]): AmfValue => {
      const members = [...object.properties];
      for (const [at, value] of changes) {
        const member = members[at % members.length];
        if (member !== undefined) members[at % members.length] = [member[0], value];
      }
      return array ? new AmfEcmaArray(members) : new AmfObject(members);
    });

  it('give results that can be sent again, or an RtmpRemoteError', () => {
    let accepted = 0;
    const checkRound = <Parsed>(
      value: AmfValue,
      parse: (value: AmfValue) => Parsed,
      format: (parsed: Parsed) => AmfValue,
    ): void => {
      let parsed: Parsed;
      try {
        parsed = parse(value);
      } catch (error) {
        expect(error).toBeInstanceOf(RtmpRemoteError);
        expect((error as RtmpRemoteError).code).toMatch(/^ERR_SERVICE_/);
        expect((error as RtmpRemoteError).message.length).toBeLessThan(120);
        return;
      }
      accepted += 1;
      expect(parse(format(parsed))).toEqual(parsed);
    };
    fc.assert(
      fc.property(fc.oneof(amfValue, near, near), fc.array(amfValue, { maxLength: 3 }), (value, args) => {
        checkRound(value, parseServiceHeader, formatServiceHeader);
        checkRound(value, (given) => parseDanmu(given), formatDanmu);
        checkRound(value, parseCapability, formatCapability);
        checkRound(
          value,
          (given) => parseServe([given]),
          (name) => formatServe(name)[0],
        );
        parseServeAnswer([value, ...args]);
      }),
      { seed: 20261121, numRuns: 1500 },
    );
    expect(accepted).toBeGreaterThan(100);
  });
});
