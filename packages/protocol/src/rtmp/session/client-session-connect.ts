import { AmfEcmaArray, type AmfInput, AmfObject, type AmfValue } from '../../amf/index.js';
import type { ConnectParams, StatusInfo } from './client-session-event.js';
import { agreedEncoding, type ObjectEncoding } from './object-encoding.js';

const allAudioCodecs = 0x0fff; // SUPPORT_SND_ALL [RTMP §7.2.1.1]
const allVideoCodecs = 0x00ff; // SUPPORT_VID_ALL
const clientSeek = 1; // SUPPORT_VID_CLIENT_SEEK
const capsMultitrackModExNano = 0x0e; // [E-RTMP v2] "capsEx": Multitrack 2, ModEx 4, TimestampNanoOffset 8

/** The command object of `connect`, members in the order Flash Player sent them. */
export function connectCommandObject(params: ConnectParams): Record<string, AmfInput> {
  const members: Record<string, AmfInput> = {
    app: params.app,
    flashVer: params.flashVer ?? 'MILLRACE 1,0',
  };
  if (params.swfUrl !== undefined) members.swfUrl = params.swfUrl;
  members.tcUrl = params.tcUrl;
  members.fpad = false;
  members.capabilities = 239; // Flash Player's constant; no server is known to read it, some to want it there.
  members.audioCodecs = params.audioCodecs ?? allAudioCodecs;
  members.videoCodecs = params.videoCodecs ?? allVideoCodecs;
  members.videoFunction = clientSeek;
  if (params.pageUrl !== undefined) members.pageUrl = params.pageUrl;
  members.objectEncoding = params.objectEncoding ?? 0;
  members.fourCcList = params.fourCcList ?? ['*'];
  members.capsEx = params.capsEx ?? capsMultitrackModExNano;
  return { ...members, ...params.properties };
}

/** Reads a status object leniently: a member that is missing or of another type becomes `''`. */
export function readStatusInfo(info: AmfValue): StatusInfo {
  const text = (name: string): string => {
    const value = info instanceof AmfObject || info instanceof AmfEcmaArray ? info.get(name) : undefined;
    return typeof value === 'string' ? value : '';
  };
  // `_error` may carry any value; a string is the one that can be shown.
  const description = typeof info === 'string' ? info : text('description');
  return { level: text('level'), code: text('code'), description, info };
}

/** What the server agreed on in its answer to `connect`. Who does not say means 0. [Errata §8.1.1] */
export function readObjectEncoding({ info }: StatusInfo): ObjectEncoding {
  return agreedEncoding(info instanceof AmfObject || info instanceof AmfEcmaArray ? info.get('objectEncoding') : 0);
}

/** A status that refuses `connect`, in case it is not followed by `_error`. */
export function isRefusalOfConnect(status: StatusInfo): boolean {
  return status.code.startsWith('NetConnection.Connect.') && status.level === 'error';
}
