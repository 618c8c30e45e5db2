import { AmfDate, AmfEcmaArray, AmfObject, type AmfValue } from '../amf/index.js';
import type { Capability } from './capability.js';
import type { Danmu } from './danmu.js';
import type { ServiceHeader } from './service-header.js';

/*
 * No implementation of the draft can be had, so every byte here was worked out by hand: the members and their types from
 * the tables of the draft (ServiceStreamProtocol of the CDN Union, 2017, §2.4.1, §4.1.2, §4.2.1), the bytes from AMF0.
 */

/** Names and values of one message, in hexadecimal with a comment to each line. */
function lines(text: string): string {
  return text.replace(/#.*$/gm, '').replace(/\s+/g, '');
}

const headerHex = lines(`
  03                                                          # object
  0007 76657273696f6e             00 0000000000000000         # version 0
  000d 7472616e73696d697454797065 00 0000000000000000         # transimitType 0, broadcast
  000b 7365727669636554797065     00 0000000000000000         # serviceType 0, danmu
  0008 7072696f72697479           00 4010000000000000         # priority 4
  0007 6162616e646f6e             01 01                       # abandon true
  0009 6d6573736167654944         02 0003 6d2d31              # messageID "m-1"
  0009 6e6574776f726b4944         02 0006 6e65742d3031        # networkID "net-01"
  0000 09                                                     # end of object`);

const contentHex = lines(`
  03                                                          # object
  0006 757365724944               02 0005 616c696365          # userID "alice"
  0009 757365724c6576656c         02 0001 37                  # userLevel "7"
  000a 64657669636554797065       00 3ff0000000000000         # deviceType 1, mobile
  0006 726f6f6d4944               02 0004 726f6f6d            # roomID "room"
  0009 74696d655374616d70         0b 4278bcfe56800000 0000    # timeStamp 1700000000000 ms, time zone 0
  0009 64616e6d7554797065         00 0000000000000000         # danmuType 0, text
  0007 636f6e74656e74             02 0006 e4bda0e5a5bd        # content "你好"
  0000 09                                                     # end of object`);

/** A danmu: the whole payload of a command message of type 20. */
export const danmuMessageHex: string = `${lines(`
  02 0010 63646e756e696f6e3230313730333134                    # the name
  00 0000000000000000                                         # transaction id 0`)}${headerHex}${contentHex}`;

export const danmuHeader: ServiceHeader = {
  version: 0,
  transimitType: 'broadcast',
  serviceType: 0,
  priority: 4,
  abandon: true,
  messageId: 'm-1',
  networkId: 'net-01',
};

export const danmu: Danmu = {
  userId: 'alice',
  userLevel: '7',
  deviceType: 1,
  roomId: 'room',
  timeStampMs: 1_700_000_000_000,
  danmuType: 0,
  content: '你好',
};

/** A response to a capability query: the whole payload of a command message of type 20. */
export const capabilityResponseHex: string = lines(`
  02 0010 63646e756e696f6e3230313730333134                    # the name
  00 0000000000000000                                         # transaction id 0
  03                                                          # object
  0007 76657273696f6e             00 0000000000000000         # version 0
  000d 7472616e73696d697454797065 00 4024000000000000         # transimitType 10, response
  000b 7365727669636554797065     00 3ff0000000000000         # serviceType 1, capability negotiation
  0008 7072696f72697479           00 0000000000000000         # priority 0
  0007 6162616e646f6e             01 00                       # abandon false
  0009 6d6573736167654944         02 0003 712d31              # messageID "q-1"
  0009 6e6574776f726b4944         02 0006 6e65742d3032        # networkID "net-02"
  0000 09                                                     # end of object
  03                                                          # object
  000b 6e6574776f726b4e616d65     02 0006 6e65742d3032        # networkName "net-02"
  0004 6c697665                   02 0004 72746d70            # live "rtmp"
  0003 727463                     02 0002 6e6f                # rtc "no"
  0007 73657276696365             00 0000000000000000         # service 0
  0005 64616e6d75                 02 0005 64616e6d75          # danmu "danmu"
  0000 09                                                     # end of object`);

export const capability: Capability = { networkName: 'net-02', live: 'rtmp', rtc: 'no', service: 0, danmu: 'danmu' };

const headerMembers: readonly (readonly [string, AmfValue])[] = [
  ['version', 0],
  ['transimitType', 0],
  ['serviceType', 0],
  ['priority', 4],
  ['abandon', true],
  ['messageID', 'm-1'],
  ['networkID', 'net-01'],
];

const danmuMembers: readonly (readonly [string, AmfValue])[] = [
  ['userID', 'alice'],
  ['userLevel', '7'],
  ['deviceType', 1],
  ['roomID', 'room'],
  ['timeStamp', new AmfDate(1_700_000_000_000)],
  ['danmuType', 0],
  ['content', '你好'],
];

const capabilityMembers: readonly (readonly [string, AmfValue])[] = [
  ['networkName', 'net-02'],
  ['live', 'rtmp'],
  ['rtc', 'no'],
  ['service', 0],
  ['danmu', 'danmu'],
];

type Changes = Readonly<Record<string, AmfValue>>;

export const headerWith = (changes: Changes): AmfObject => changed(headerMembers, changes);
export const danmuWith = (changes: Changes): AmfObject => changed(danmuMembers, changes);
export const capabilityWith = (changes: Changes): AmfObject => changed(capabilityMembers, changes);

/** The members with some replaced or added; `undefined` takes one away. */
function changed(members: readonly (readonly [string, AmfValue])[], changes: Changes): AmfObject {
  const all = new Map([...members, ...Object.entries(changes)]);
  return new AmfObject([...all].filter(([, value]) => value !== undefined));
}

export interface AcceptedHeader {
  readonly name: string;
  readonly value: AmfValue;
  readonly expected: Partial<ServiceHeader>;
}

export const acceptedHeaders: readonly AcceptedHeader[] = [
  { name: 'as the draft has it', value: headerWith({}), expected: danmuHeader },
  { name: 'an ECMA array', value: new AmfEcmaArray(headerMembers), expected: danmuHeader },
  { name: 'to the edge', value: headerWith({ transimitType: 1 }), expected: { transimitType: 'edge' } },
  { name: 'to the origin', value: headerWith({ transimitType: 2 }), expected: { transimitType: 'origin' } },
  { name: 'a response', value: headerWith({ transimitType: 10 }), expected: { transimitType: 'response' } },
  { name: 'a response by §4.1.2', value: headerWith({ transimitType: 3 }), expected: { transimitType: 'response' } },
  {
    name: 'transmitType alone',
    value: headerWith({ transimitType: undefined, transmitType: 1 }),
    expected: { transimitType: 'edge' },
  },
  { name: 'both spellings', value: headerWith({ transmitType: 0 }), expected: { transimitType: 'broadcast' } },
  { name: 'abandon as 0', value: headerWith({ abandon: 0 }), expected: { abandon: false } },
  { name: 'abandon as 1', value: headerWith({ abandon: 1 }), expected: { abandon: true } },
  { name: 'a service type of others', value: headerWith({ serviceType: 77 }), expected: { serviceType: 77 } },
  { name: 'members of others', value: headerWith({ hops: [1, 2] }), expected: danmuHeader },
  { name: 'no registered network', value: headerWith({ networkID: '' }), expected: { networkId: '' } },
  { name: 'minus zero', value: headerWith({ version: -0, priority: -0 }), expected: { version: 0, priority: 0 } },
];

export interface Refused {
  readonly value: AmfValue;
  readonly message: string;
}

export const refusedHeaders: readonly Refused[] = [
  { value: null, message: 'the header is null, not an object' },
  { value: undefined, message: 'the header is missing, not an object' },
  { value: [0], message: 'the header is an array, not an object' },
  { value: headerWith({ version: 1 }), message: 'version is 1, allowed 0' },
  { value: headerWith({ transimitType: undefined }), message: 'transimitType is missing' },
  { value: headerWith({ transimitType: 4 }), message: 'transimitType is 4, allowed 0, 1, 2, 3 and 10' },
  { value: headerWith({ transimitType: 11 }), message: 'transimitType is 11, allowed 0 to 10' },
  {
    value: headerWith({ transimitType: undefined, transmitType: -1 }),
    message: 'transmitType is -1, allowed 0 to 10',
  },
  { value: headerWith({ transmitType: 1 }), message: 'transimitType and transmitType differ' },
  { value: headerWith({ serviceType: '0' }), message: 'serviceType is a string, not a number' },
  { value: headerWith({ serviceType: 2 ** 32 }), message: 'serviceType is 4294967296, allowed 0 to 4294967295' },
  { value: headerWith({ priority: 9 }), message: 'priority is 9, allowed 0 to 7' },
  { value: headerWith({ priority: 1.5 }), message: 'priority is 1.5, allowed 0 to 7' },
  { value: headerWith({ priority: Number.NaN }), message: 'priority is NaN, allowed 0 to 7' },
  { value: headerWith({ abandon: 2 }), message: 'abandon is 2, allowed false, true, 0 and 1' },
  { value: headerWith({ abandon: 'true' }), message: 'abandon is a string, not a boolean' },
  { value: headerWith({ messageID: '' }), message: 'messageID is empty' },
  { value: headerWith({ messageID: 7 }), message: 'messageID is a number, not a string' },
  { value: headerWith({ messageID: 'x'.repeat(129) }), message: 'messageID is 129 characters long, allowed up to 128' },
  { value: headerWith({ messageID: 'a\u001b[2J' }), message: 'messageID holds a control character at 1' },
  { value: headerWith({ networkID: null }), message: 'networkID is null, not a string' },
  { value: headerWith({ networkID: 'x'.repeat(129) }), message: 'networkID is 129 characters long, allowed up to 128' },
];

export const refusedDanmus: readonly Refused[] = [
  { value: null, message: 'the content of the danmu is null, not an object' },
  { value: danmuWith({ userID: undefined }), message: 'userID is missing' },
  { value: danmuWith({ userID: 'x'.repeat(129) }), message: 'userID is 129 characters long, allowed up to 128' },
  { value: danmuWith({ userLevel: 7 }), message: 'userLevel is a number, not a string' },
  { value: danmuWith({ deviceType: 256 }), message: 'deviceType is 256, allowed 0 to 255' },
  { value: danmuWith({ roomID: 'a\nb' }), message: 'roomID holds a control character at 1' },
  { value: danmuWith({ timeStamp: 1_700_000_000_000 }), message: 'timeStamp is a number, not a date' },
  { value: danmuWith({ timeStamp: new AmfDate(Number.NaN) }), message: 'timeStamp is not a valid date' },
  { value: danmuWith({ timeStamp: new AmfDate(1e16) }), message: 'timeStamp is not a valid date' },
  { value: danmuWith({ danmuType: -1 }), message: 'danmuType is -1, allowed 0 to 4294967295' },
  { value: danmuWith({ content: 'x'.repeat(501) }), message: 'content is 501 characters long, allowed up to 500' },
  { value: danmuWith({ content: 'a\u0007' }), message: 'content holds a control character at 1' },
  { value: danmuWith({ content: new AmfObject() }), message: 'content is an object, not a string' },
];

export const refusedCapabilities: readonly Refused[] = [
  { value: null, message: 'the capability is null, not an object' },
  { value: capabilityWith({ networkName: true }), message: 'networkName is a boolean, not a string' },
  { value: capabilityWith({ live: 'hls' }), message: 'live is "hls", allowed rtmp, udp, no' },
  { value: capabilityWith({ rtc: 1 }), message: 'rtc is a number, not a string' },
  { value: capabilityWith({ service: 0.5 }), message: 'service is 0.5, allowed 0 to 4294967295' },
  { value: capabilityWith({ danmu: 'x'.repeat(99) }), message: `danmu is "${'x'.repeat(24)}", allowed danmu, no` },
];
