import { type AmfLimits, type AmfValue, decodeAmf0, messageTypes, type RawMessage } from '@millrace/protocol';
import type { Publication } from '../live/index.js';
import type { AppData } from './app-client.js';

const setDataFrame = '@setDataFrame';

/** `publication`, with its data messages shown to `onData` before they go on. Audio and video are not looked at. */
export function watchData(
  publication: Publication,
  limits: Partial<AmfLimits>,
  onData: (data: AppData) => void,
): Publication {
  return {
    write(message) {
      const data = isData(message) ? readData(message, limits) : undefined;
      if (data !== undefined) onData(data);
      publication.write(message);
    },
    end: () => publication.end(),
  };
}

function isData({ messageTypeId }: RawMessage): boolean {
  return messageTypeId === messageTypes.dataAmf0 || messageTypeId === messageTypes.dataAmf3;
}

/** `undefined`: it holds no AMF0 values. Data is the publisher's: that is no fault, and players get it all the same. */
function readData(message: RawMessage, limits: Partial<AmfLimits>): AppData | undefined {
  const { payload, timestamp } = message;
  // The format byte of type 15, which some senders leave out. [Errata §7.2]
  const hasFormat = message.messageTypeId === messageTypes.dataAmf3 && payload[0] === 0;
  let values: AmfValue[];
  try {
    values = decodeAmf0(hasFormat ? payload.subarray(1) : payload, limits);
  } catch {
    return undefined;
  }
  if (values[0] === setDataFrame) values.shift();
  const name = typeof values[0] === 'string' ? values.shift() : undefined;
  return { name: typeof name === 'string' ? name : '', values, timestamp };
}
