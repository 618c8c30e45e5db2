/*
 * A service message is a command [RTMP §7.1.1]: AMF values, the header in the place of the command object.
 *
 *   +--------------------+------------------+---------------------+--------------------------+
 *   | "cdnunion20170314" | transaction id 0 | header              | content                  |
 *   | 02 0010 …          | 00 00…00         | 03 (members) 000009 | 03 (members) 000009, 05  |
 *   +--------------------+------------------+---------------------+--------------------------+
 *
 * The header's members, in the order in which we send them:
 *
 *   version, transimitType, serviceType, priority: number (marker 00, 8 bytes)
 *   abandon: boolean (marker 01, 1 byte)
 *   messageID, networkID: string (marker 02, 2 bytes of length)
 */
import { AmfObject, type AmfValue } from '../amf/index.js';
import { checkedBy, MemberReader } from './member-reader.js';
import { serviceProtocolVersion, serviceTypes, type TransimitType, transimitTypes } from './service-protocol.js';

/** What stands before the content of every service message. */
export interface ServiceHeader {
  /** 0. */
  readonly version: number;
  /** Who is to get the message; `response` comes from servers only. The draft's spelling. */
  readonly transimitType: TransimitType;
  /** 0 … 2³²−1: 0 danmu, 1 capability negotiation, others unknown to us. */
  readonly serviceType: number;
  /** 0 (highest) … 7 (lowest). */
  readonly priority: number;
  /** Whether the message may be dropped where there is no room for it. */
  readonly abandon: boolean;
  /** What tells the message from others: 1 … 128 characters. A response has that of its request. */
  readonly messageId: string;
  /** The network where the message arose: 0 … 128 characters. */
  readonly networkId: string;
}

/** Ids are kept to find duplicates, for every message of a window: a UUID has 36 characters, four times that is plenty. */
const maxIdLength = 128;
const maxServiceType = 0xffff_ffff;
const maxPriority = 7;
/** What a section of the draft has for responses, against its own table. */
const responseInText = 3;
const errorCode = 'ERR_SERVICE_HEADER';

/**
 * The header of a service message, from the place of its command object. Members that the draft does not know are not
 * looked at; who forwards a message sends the object on as it came.
 *
 * @throws RtmpRemoteError `ERR_SERVICE_HEADER`, naming the member: "priority is 9, allowed 0 to 7".
 */
export function parseServiceHeader(value: AmfValue): ServiceHeader {
  const members = new MemberReader(value, errorCode, 'the header');
  return {
    version: members.integer('version', serviceProtocolVersion, serviceProtocolVersion),
    transimitType: parseTransimitType(members),
    serviceType: members.integer('serviceType', 0, maxServiceType),
    priority: members.integer('priority', 0, maxPriority),
    abandon: members.flag('abandon'),
    messageId: members.text('messageID', { minLength: 1, maxLength: maxIdLength }),
    networkId: members.text('networkID', { maxLength: maxIdLength }),
  };
}

/**
 * The object to be sent in the place of the command object. Newly made.
 *
 * @throws RtmpUsageError `ERR_SERVICE_HEADER` for what `parseServiceHeader` would refuse.
 */
export function formatServiceHeader(header: ServiceHeader): AmfObject {
  const object = new AmfObject([
    ['version', header.version],
    ['transimitType', transimitTypes[header.transimitType]],
    ['serviceType', header.serviceType],
    ['priority', header.priority],
    ['abandon', header.abandon],
    ['messageID', header.messageId],
    ['networkID', header.networkId],
  ]);
  return checkedBy(parseServiceHeader, object);
}

/** The header of an answer to `request`. `networkId`: that of the network that answers; absent: the request's. */
export function responseHeader(request: ServiceHeader, networkId = request.networkId): ServiceHeader {
  return { ...request, transimitType: 'response', networkId };
}

/** The header of a question about the edge's capabilities. Its content is null. */
export function capabilityQueryHeader(messageId: string, networkId: string): ServiceHeader {
  return {
    version: serviceProtocolVersion,
    transimitType: 'edge',
    serviceType: serviceTypes.capability,
    priority: 0,
    abandon: false,
    messageId,
    networkId,
  };
}

const byNumber = new Map<number, TransimitType>([
  [transimitTypes.broadcast, 'broadcast'],
  [transimitTypes.edge, 'edge'],
  [transimitTypes.origin, 'origin'],
  [transimitTypes.response, 'response'],
  [responseInText, 'response'],
]);

/** The draft's table says `transimitType`, its text also `transmitType`. */
function parseTransimitType(members: MemberReader): TransimitType {
  const plain = members.has('transmitType');
  const name = plain && !members.has('transimitType') ? 'transmitType' : 'transimitType';
  const number = members.integer(name, 0, transimitTypes.response);
  if (plain && members.integer('transmitType', 0, transimitTypes.response) !== number) {
    members.fail('transimitType and transmitType differ');
  }
  const type = byNumber.get(number);
  if (type === undefined) members.fail(`${name} is ${number}, allowed 0, 1, 2, 3 and 10`);
  return type;
}
