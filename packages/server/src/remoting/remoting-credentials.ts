import {
  AmfObject,
  type AmfPacket,
  type AmfPacketHeader,
  type AmfValue,
  type FlexRequest,
  flexOperations,
} from '@millrace/protocol';

export const credentialsHeader = 'Credentials';

/**
 * What a packet says of who sends it: an object with `userid` and `password`, as `NetConnection.setCredentials` of Flash
 * Remoting sends them; empty where there are none. The header counts first, then the first message of Flex that has any.
 */
export function credentialsOf(packet: AmfPacket, requests: readonly (FlexRequest | undefined)[]): AmfObject {
  const header = packet.headers.find(({ name }) => name === credentialsHeader);
  const fromHeader = header && pairOf(header);
  if (fromHeader !== undefined) return fromHeader;
  for (const request of requests) {
    const pair = request && flexPairOf(request);
    if (pair !== undefined) return pair;
  }
  return new AmfObject();
}

function pairOf({ value }: AmfPacketHeader): AmfObject | undefined {
  if (!(value instanceof AmfObject)) return undefined;
  const userid = value.get('userid');
  const password = value.get('password');
  return typeof userid === 'string' && typeof password === 'string' ? credentials(userid, password) : undefined;
}

/** `RemoteObject.setRemoteCredentials`, or `ChannelSet.login`: base64 of `user:password`. */
function flexPairOf(request: FlexRequest): AmfObject | undefined {
  const isLogin = request.kind === 'command' && request.operation === flexOperations.login;
  const encoded: AmfValue = isLogin ? request.body : request.headers.get('DSRemoteCredentials');
  if (typeof encoded !== 'string') return undefined;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon < 0 ? undefined : credentials(text.slice(0, colon), text.slice(colon + 1));
}

function credentials(userid: string, password: string): AmfObject {
  return new AmfObject([
    ['userid', userid],
    ['password', password],
  ]);
}
