/*
 * The content of an answer to a capability query, members in the order in which we send them; the query's is null.
 *
 *   networkName: string · live, rtc: "rtmp", "udp" or "no" · service: number · danmu: "danmu" or "no"
 */
import { AmfObject, type AmfValue } from '../amf/index.js';
import { checkedBy, MemberReader } from './member-reader.js';

const mediaCapabilities = ['rtmp', 'udp', 'no'] as const;
const danmuCapabilities = ['danmu', 'no'] as const;

export type MediaCapability = (typeof mediaCapabilities)[number];
export type DanmuCapability = (typeof danmuCapabilities)[number];

/** What a network can do. */
export interface Capability {
  /** Up to 128 characters. */
  readonly networkName: string;
  readonly live: MediaCapability;
  readonly rtc: MediaCapability;
  /** The version of the service protocol, 0 … 2³²−1. */
  readonly service: number;
  readonly danmu: DanmuCapability;
}

const maxNetworkNameLength = 128;
const maxVersion = 0xffff_ffff;

/**
 * The content of a response of service type 1.
 *
 * @throws RtmpRemoteError `ERR_SERVICE_CAPABILITY`, naming the member: 'live is "hls", allowed rtmp, udp, no'.
 */
export function parseCapability(content: AmfValue): Capability {
  const members = new MemberReader(content, 'ERR_SERVICE_CAPABILITY', 'the capability');
  return {
    networkName: members.text('networkName', { maxLength: maxNetworkNameLength }),
    live: members.word('live', mediaCapabilities),
    rtc: members.word('rtc', mediaCapabilities),
    service: members.integer('service', 0, maxVersion),
    danmu: members.word('danmu', danmuCapabilities),
  };
}

/**
 * The object to be sent as a content. Newly made.
 *
 * @throws RtmpUsageError `ERR_SERVICE_CAPABILITY` for what `parseCapability` would refuse.
 */
export function formatCapability(capability: Capability): AmfObject {
  const object = new AmfObject([
    ['networkName', capability.networkName],
    ['live', capability.live],
    ['rtc', capability.rtc],
    ['service', capability.service],
    ['danmu', capability.danmu],
  ]);
  return checkedBy(parseCapability, object);
}
