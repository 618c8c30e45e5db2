import type { AmfValue } from '../amf/index.js';
import { parseServiceHeader, type ServiceHeader } from './service-header.js';

/** A service message as it came. */
export interface ServiceMessage {
  readonly header: ServiceHeader;
  /** The header's object itself, with all its members: what is to be forwarded. */
  readonly headerValue: AmfValue;
  /** As received and not looked at; null where there is none. */
  readonly content: AmfValue;
}

/**
 * Reads a command that is named as service messages are. Only the header is read, whatever the service type: `parseDanmu`
 * and `parseCapability` read contents.
 *
 * @throws RtmpRemoteError `ERR_SERVICE_HEADER` as `parseServiceHeader` does.
 */
export function parseServiceMessage(commandObject: AmfValue, args: readonly AmfValue[]): ServiceMessage {
  return { header: parseServiceHeader(commandObject), headerValue: commandObject, content: args[0] ?? null };
}
