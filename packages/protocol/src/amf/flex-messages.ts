import { amfObject } from './amf-object.js';
import { AmfEcmaArray, AmfExternalizable, type AmfInput, AmfObject, type AmfValue } from './value.js';

/*
 * The messages of Flex's RemoteObject over an AMF channel: typed objects, which take the place of the arguments in a
 * packet. There is no specification; members and operations are those of Apache Flex BlazeDS 4.7
 * (flex.messaging.messages).
 *
 *   AbstractMessage       body, clientId, destination, headers, messageId, timestamp (ms), timeToLive (ms)
 *     RemotingMessage     source, operation                body: the arguments
 *     AsyncMessage        correlationId
 *       CommandMessage    operation: a number
 *       AcknowledgeMessage                                 body: the result
 *         ErrorMessage    faultCode, faultString, faultDetail, rootCause, extendedData
 */

const messagesPackage = 'flex.messaging.messages.';

/** Operations of a `CommandMessage` that need no subscription. */
export const flexOperations = { clientPing: 5, login: 8, logout: 9 } as const;

interface FlexRequestBase {
  /** What the answer refers to. Text that is missing is `''`. */
  readonly messageId: string;
  readonly clientId: string | undefined;
  readonly destination: string;
  /** `DSId`, `DSEndpoint`, `DSRemoteCredentials`, … */
  readonly headers: ReadonlyMap<string, AmfValue>;
}

/** A procedure is called. */
export interface FlexRemotingRequest extends FlexRequestBase {
  readonly kind: 'remoting';
  /** The class that the client names beside the destination; `undefined` where it leaves that to the server. */
  readonly source: string | undefined;
  readonly operation: string;
  readonly args: readonly AmfValue[];
}

export interface FlexCommandRequest extends FlexRequestBase {
  readonly kind: 'command';
  /** One of `flexOperations`, or what a server of messages knows; NaN where it is no number. */
  readonly operation: number;
  readonly body: AmfValue;
}

export type FlexRequest = FlexRemotingRequest | FlexCommandRequest;

/**
 * What a Flex client asks for in `value`: a `RemotingMessage`, a `CommandMessage` or its short form `DSC`. `undefined`:
 * it is none of these.
 */
export function parseFlexRequest(value: AmfValue): FlexRequest | undefined {
  if (value instanceof AmfExternalizable) {
    return value.className === 'DSC' && value.body instanceof AmfObject ? commandOf(value.body) : undefined;
  }
  if (!(value instanceof AmfObject)) return undefined;
  switch (value.className) {
    case `${messagesPackage}RemotingMessage`:
      return remotingOf(value);
    case `${messagesPackage}CommandMessage`:
      return commandOf(value);
    default:
      return undefined;
  }
}

function remotingOf(message: AmfObject): FlexRemotingRequest {
  const body = message.get('body');
  return {
    kind: 'remoting',
    ...baseOf(message),
    source: textOf(message.get('source')) || undefined,
    operation: textOf(message.get('operation')),
    args: listOf(body),
  };
}

function commandOf(message: AmfObject): FlexCommandRequest {
  const operation = message.get('operation');
  return {
    kind: 'command',
    ...baseOf(message),
    operation: typeof operation === 'number' ? operation : Number.NaN,
    body: message.get('body'),
  };
}

function baseOf(message: AmfObject): FlexRequestBase {
  const headers = message.get('headers');
  const hasMembers = headers instanceof AmfObject || headers instanceof AmfEcmaArray;
  return {
    messageId: textOf(message.get('messageId')) || uuidOf(message.get('messageIdBytes')),
    clientId: textOf(message.get('clientId')) || uuidOf(message.get('clientIdBytes')) || undefined,
    destination: textOf(message.get('destination')),
    headers: hasMembers ? headers.properties : new Map(),
  };
}

function textOf(value: AmfValue): string {
  return typeof value === 'string' ? value : '';
}

/** The arguments; the list in an `ArrayCollection`, too. Anything but a list is the only argument, null is none. */
function listOf(body: AmfValue): readonly AmfValue[] {
  const list = body instanceof AmfExternalizable ? body.body : body;
  if (Array.isArray(list)) return list;
  return body === undefined || body === null ? [] : [body];
}

const uuidBytes = 16;

/** The short forms carry ids as bytes; written as Flex writes them. */
function uuidOf(value: AmfValue): string {
  if (!(value instanceof Uint8Array) || value.length !== uuidBytes) return '';
  const digits = Array.from(value, (byte) => byte.toString(16).padStart(2, '0'))
    .join('')
    .toUpperCase();
  return [0, 8, 12, 16, 20].map((start, i, starts) => digits.slice(start, starts[i + 1])).join('-');
}

export interface FlexAnswer {
  /** Of this message, a UUID. */
  readonly messageId: string;
  /** Unix ms. */
  readonly timestamp: number;
}

/**
 * The `AcknowledgeMessage` that answers `request` with `body`.
 *
 * @throws RtmpUsageError `ERR_AMF_NOT_ENCODABLE` as `amfObject`.
 */
export function flexAcknowledgement(request: FlexRequest, answer: FlexAnswer, body: AmfInput): AmfObject {
  return amfObject(acknowledgeMembers(request, answer, body), `${messagesPackage}AcknowledgeMessage`);
}

export interface FlexFault {
  /** `Server.Processing`, `Client.Authentication`, … */
  readonly faultCode: string;
  readonly faultString: string;
  readonly faultDetail: string;
}

/** The `ErrorMessage` that answers `request`. */
export function flexError(request: FlexRequest, answer: FlexAnswer, fault: FlexFault): AmfObject {
  const { faultCode, faultString, faultDetail } = fault;
  const members = { faultCode, faultString, faultDetail, rootCause: null, extendedData: null };
  return amfObject({ ...acknowledgeMembers(request, answer, null), ...members }, `${messagesPackage}ErrorMessage`);
}

function acknowledgeMembers(
  request: FlexRequest,
  { messageId, timestamp }: FlexAnswer,
  body: AmfInput,
): { readonly [name: string]: AmfInput } {
  const { messageId: correlationId, destination } = request;
  const clientId = request.clientId ?? null;
  return { body, clientId, correlationId, destination, headers: {}, messageId, timestamp, timeToLive: 0 };
}
