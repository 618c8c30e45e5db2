import { AmfEcmaArray, type AmfInput, AmfObject, type AmfValue } from '../../amf/index.js';
import type { CommandMessage } from '../message/index.js';
import { agreedEncoding } from './object-encoding.js';
import type { ConnectAnswer, ConnectInfo, ConnectRequest } from './server-event.js';
import { splitQuery } from './stream-name.js';

/**
 * Clients see a Flash Media Server everywhere: nginx-rtmp says FMS/3,0,1,123, SRS FMS/3,5,3,888, and many more exactly
 * this. A name of our own would be the only one of its kind.
 */
export const defaultServerVersion = 'FMS/3,5,7,7009';

/** Audio, video and data both ways, as nginx-rtmp says. SRS says 127: nobody reads it. */
const capabilities = 31;

const fourCcCanForward = 4;
/** Multitrack, ModEx and nanosecond offsets: media is passed on as it came. Not Reconnect (1), which we never ask for. */
const serverCapsEx = 0x0e;
/** Codecs that are repeated to the client. There are a dozen; the list is the client's to fill. */
const maxFourCcs = 64;

/** `undefined`: the command object is none, and this is no `connect` command. */
export function parseConnect(command: CommandMessage): ConnectRequest | undefined {
  const { transactionId, args } = command;
  const commandObject = toObject(command.commandObject);
  if (commandObject === undefined) return undefined;
  const { name, query } = splitQuery(textOf(commandObject, 'app'));
  return {
    kind: 'connect',
    transactionId,
    // "rtmp://host/live/" as the server's address in OBS gives "live/".
    app: trimSlashes(name),
    query,
    tcUrl: textOf(commandObject, 'tcUrl'),
    // The specification writes "flashver"; Flash Player, librtmp and ffmpeg send "flashVer".
    flashVer: textOf(commandObject, 'flashVer') || textOf(commandObject, 'flashver'),
    swfUrl: textOf(commandObject, 'swfUrl'),
    pageUrl: textOf(commandObject, 'pageUrl'),
    objectEncoding: numberOf(commandObject, 'objectEncoding') ?? 0,
    audioCodecs: numberOf(commandObject, 'audioCodecs') ?? 0,
    videoCodecs: numberOf(commandObject, 'videoCodecs') ?? 0,
    fourCcList: fourCcListOf(commandObject.get('fourCcList')),
    videoFourCcInfoMap: fourCcInfoMapOf(commandObject.get('videoFourCcInfoMap')),
    audioFourCcInfoMap: fourCcInfoMapOf(commandObject.get('audioFourCcInfoMap')),
    capsEx: numberOf(commandObject, 'capsEx'),
    commandObject,
    args,
  };
}

/** The two objects of `_result` to `connect`. [RTMP §7.2.1.1] */
export function connectResult(
  peer: ConnectInfo,
  serverVersion: string,
  answer: ConnectAnswer,
): { readonly properties: AmfInput; readonly info: AmfInput } {
  return {
    properties: {
      fmsVer: serverVersion,
      capabilities,
      mode: 1,
      ...enhancedProperties(peer),
      ...answer.properties,
    },
    info: {
      level: 'status',
      code: 'NetConnection.Connect.Success',
      description: 'Connection succeeded.',
      ...answer.info,
      // Last: what is said is what is done.
      objectEncoding: agreedEncoding(peer.objectEncoding),
    },
  };
}

/** Said only to clients that speak of Enhanced RTMP themselves. [E-RTMP v2, Enhancing NetConnection connect Command] */
function enhancedProperties(peer: ConnectInfo): Record<string, AmfInput> {
  const { fourCcList, videoFourCcInfoMap, audioFourCcInfoMap, capsEx } = peer;
  if (!fourCcList && !videoFourCcInfoMap && !audioFourCcInfoMap && capsEx === undefined) return {};
  return {
    ...(fourCcList && { fourCcList }),
    videoFourCcInfoMap: { '*': fourCcCanForward },
    audioFourCcInfoMap: { '*': fourCcCanForward },
    capsEx: serverCapsEx,
  };
}

function toObject(value: AmfValue): AmfObject | undefined {
  if (value instanceof AmfObject) return value;
  return value instanceof AmfEcmaArray ? new AmfObject(value.properties) : undefined;
}

function textOf(object: AmfObject, name: string): string {
  const value = object.get(name);
  return typeof value === 'string' ? value : '';
}

function numberOf(object: AmfObject, name: string): number | undefined {
  const value = object.get(name);
  return typeof value === 'number' ? value : undefined;
}

function trimSlashes(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && text[start] === '/') start += 1;
  while (end > start && text[end - 1] === '/') end -= 1;
  return text.slice(start, end);
}

function fourCcListOf(value: AmfValue): readonly string[] | undefined {
  // Some clients send the list as an ECMA array with the keys "0", "1", …
  const entries = value instanceof AmfEcmaArray ? [...value.properties.values()] : value;
  if (!Array.isArray(entries)) return undefined;
  return entries.filter((entry) => typeof entry === 'string' && entry.length <= 4).slice(0, maxFourCcs) as string[];
}

function fourCcInfoMapOf(value: AmfValue): ReadonlyMap<string, number> | undefined {
  const object = toObject(value);
  if (object === undefined) return undefined;
  const map = new Map<string, number>();
  for (const [fourCc, mask] of object.properties) {
    if (typeof mask === 'number') map.set(fourCc, mask);
  }
  return map;
}
