import { describe, expect, it } from 'vitest';
import { RtmpUsageError } from '../bytes/index.js';
import { fromHex } from './amf0.vectors.js';
import {
  AmfExternalizable,
  type AmfInput,
  AmfObject,
  type AmfValue,
  amfObject,
  decodeAmf0,
  decodeAmf3,
  encodeAmf0,
  encodeAmf3,
  type FlexRequest,
  flexAcknowledgement,
  flexError,
  flexOperations,
  parseFlexRequest,
} from './index.js';

const remotingMessage = 'flex.messaging.messages.RemotingMessage';
const commandMessage = 'flex.messaging.messages.CommandMessage';

function remoting(members: { readonly [name: string]: AmfInput }): FlexRequest | undefined {
  return parseFlexRequest(amfObject(members, remotingMessage));
}

describe('parseFlexRequest', () => {
  it('reads a RemotingMessage', () => {
    const members = {
      messageId: 'A',
      clientId: 'B',
      destination: 'poll',
      source: 'com.example.Poll',
      operation: 'vote',
      headers: { DSId: 'nil' },
      body: ['red', 2],
      timestamp: 0,
      timeToLive: 0,
    };
    expect(remoting(members)).toStrictEqual({
      kind: 'remoting',
      messageId: 'A',
      clientId: 'B',
      destination: 'poll',
      source: 'com.example.Poll',
      operation: 'vote',
      headers: new Map([['DSId', 'nil']]),
      args: ['red', 2],
    });
  });

  it('reads one from the bytes of a client', () => {
    // Constructed by hand: traits with the members in the order of mx.messaging.messages.RemotingMessage, body first.
    const hex = `0a 63 4f ${Buffer.from(remotingMessage).toString('hex')}
      13 6f7065726174696f6e 0d 736f75726365 09 626f6479 11 636c69656e744964 17 64657374696e6174696f6e 13 6d6573736167654964
      06 09 76 6f 74 65 01 09 03 01 04 02 01 06 09 706f6c6c 06 03 41`;
    const [value] = decodeAmf3(fromHex(hex));
    expect(parseFlexRequest(value)).toStrictEqual({
      kind: 'remoting',
      messageId: 'A',
      clientId: undefined,
      destination: 'poll',
      source: undefined,
      operation: 'vote',
      headers: new Map(),
      args: [2],
    });
  });

  it.each<[AmfValue, readonly AmfValue[]]>([
    [undefined, []],
    [null, []],
    [[], []],
    [7, [7]],
    [new AmfExternalizable('flex.messaging.io.ArrayCollection', [1, 2]), [1, 2]],
  ])('takes the body %j as arguments', (body, args) => {
    expect(remoting({ body })).toMatchObject({ args });
  });

  it('does without what is missing or of another type', () => {
    const nothing = {
      kind: 'remoting',
      messageId: '',
      clientId: undefined,
      destination: '',
      source: undefined,
      operation: '',
      headers: new Map(),
      args: [],
    };
    expect(remoting({})).toStrictEqual(nothing);
    expect(
      remoting({ messageId: 1, clientId: [], destination: {}, source: '', operation: 2, headers: 3 }),
    ).toStrictEqual(nothing);
  });

  it('reads a CommandMessage and its short form', () => {
    const ping = { messageId: 'A', operation: flexOperations.clientPing, body: {}, headers: {} };
    expect(parseFlexRequest(amfObject(ping, commandMessage))).toMatchObject({
      kind: 'command',
      messageId: 'A',
      operation: 5,
    });
    expect(parseFlexRequest(amfObject({}, commandMessage))).toMatchObject({ operation: Number.NaN });
    const messageIdBytes = Uint8Array.from({ length: 16 }, (_, i) => i * 17);
    const short = new AmfExternalizable('DSC', amfObject({ operation: 5, messageIdBytes }));
    const [received] = decodeAmf3(encodeAmf3([short]));
    expect(parseFlexRequest(received)).toMatchObject({
      kind: 'command',
      messageId: '00112233-4455-6677-8899-AABBCCDDEEFF',
      operation: 5,
    });
  });

  it.each<AmfValue>([
    null,
    'text',
    [],
    new AmfObject(),
    new AmfObject([], 'flex.messaging.messages.AsyncMessage'),
    new AmfExternalizable('DSK', new AmfObject()),
    new AmfExternalizable('DSC'),
  ])('%j is none', (value) => {
    expect(parseFlexRequest(value)).toBeUndefined();
  });
});

describe('answers', () => {
  const request: FlexRequest = {
    kind: 'remoting',
    messageId: 'A',
    clientId: 'B',
    destination: 'poll',
    source: undefined,
    operation: 'vote',
    headers: new Map(),
    args: [],
  };
  const answer = { messageId: 'C', timestamp: 1_000 };

  it.each([
    ['AMF0', (value: AmfObject) => decodeAmf0(encodeAmf0([value]))[0]],
    ['AMF3', (value: AmfObject) => decodeAmf3(encodeAmf3([value]))[0]],
  ])('an acknowledgement refers to the request, in %s', (_version, travel) => {
    const received = travel(flexAcknowledgement(request, answer, { votes: [1, 2] })) as AmfObject;
    expect(received.className).toBe('flex.messaging.messages.AcknowledgeMessage');
    expect(Object.fromEntries(received.properties)).toMatchObject({
      correlationId: 'A',
      clientId: 'B',
      messageId: 'C',
      timestamp: 1_000,
      timeToLive: 0,
      destination: 'poll',
    });
    expect((received.get('body') as AmfObject).get('votes')).toEqual([1, 2]);
  });

  it('an error says what is wrong', () => {
    const fault = { faultCode: 'Server.Processing', faultString: 'No.', faultDetail: 'NetConnection.Call.Failed' };
    const message = flexError({ ...request, clientId: undefined }, answer, fault);
    expect(message.className).toBe('flex.messaging.messages.ErrorMessage');
    const members = { ...fault, correlationId: 'A', clientId: null, body: null, rootCause: null, extendedData: null };
    expect(Object.fromEntries(message.properties)).toMatchObject(members);
  });

  it('refuses what AMF cannot carry', () => {
    expect(() => flexAcknowledgement(request, answer, Symbol('s') as unknown as string)).toThrow(RtmpUsageError);
  });
});
