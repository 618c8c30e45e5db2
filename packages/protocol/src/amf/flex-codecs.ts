import { RtmpUsageError } from '../bytes/index.js';
import type { AmfExternalCodec, AmfExternalInput, AmfExternalOutput } from './amf-registry.js';
import { AmfObject, type AmfValue } from './value.js';

/*
 * The externalizable classes of Flex. There is no specification; the layout is that of Apache Flex BlazeDS 4.7
 * (flex.messaging.io, flex.messaging.messages).
 *
 *   ArrayCollection, ArrayList, ObjectProxy:  the array or object inside, as one value
 *
 *   DSA (AsyncMessage), DSK (AcknowledgeMessage), DSC (CommandMessage): sections, one for each class from the base up
 *     section:  flags(1)+ , the highest bit set in all but the last | one value for each flag set, lowest bit first
 *
 *     AbstractMessage     byte 0:  body, clientId, destination, headers, messageId, timestamp, timeToLive
 *                         byte 1:  clientIdBytes, messageIdBytes
 *     AsyncMessage        byte 0:  correlationId, correlationIdBytes
 *     AcknowledgeMessage  no flags of its own
 *     CommandMessage      byte 0:  operation
 */

/** The members behind the flags of one class: a list for every byte of flags. */
type Section = readonly (readonly string[])[];

const abstractMessage: Section = [
  ['body', 'clientId', 'destination', 'headers', 'messageId', 'timestamp', 'timeToLive'],
  ['clientIdBytes', 'messageIdBytes'],
];
const asyncMessage: Section = [['correlationId', 'correlationIdBytes']];
const acknowledgeMessage: Section = [[]];
const commandMessage: Section = [['operation']];

const hasNextFlag = 0x80;
/** Two are in use; more than a few are nobody's honest extension. */
const maxFlagBytes = 8;

const oneValue: AmfExternalCodec = {
  read: (input) => input.readObject(),
  write: (output, body) => output.writeObject(body),
};

/** By class alias. */
export const flexCodecs: readonly (readonly [string, AmfExternalCodec])[] = [
  ['flex.messaging.io.ArrayCollection', oneValue],
  ['flex.messaging.io.ArrayList', oneValue],
  ['flex.messaging.io.ObjectProxy', oneValue],
  ['DSA', messageCodec([abstractMessage, asyncMessage])],
  ['DSK', messageCodec([abstractMessage, asyncMessage, acknowledgeMessage])],
  ['DSC', messageCodec([abstractMessage, asyncMessage, commandMessage])],
];

function messageCodec(sections: readonly Section[]): AmfExternalCodec {
  const known = new Set(sections.flat(2));
  return {
    read(input) {
      const message = new AmfObject();
      for (const section of sections) readSection(section, input, message.properties);
      return message;
    },
    write(output, body) {
      if (!(body instanceof AmfObject)) {
        throw new RtmpUsageError('ERR_AMF3_NOT_ENCODABLE', 'The body of a Flex message must be an AmfObject');
      }
      for (const name of body.properties.keys()) {
        if (!known.has(name)) {
          throw new RtmpUsageError('ERR_AMF3_NOT_ENCODABLE', `A short Flex message has no ${JSON.stringify(name)}`);
        }
      }
      for (const section of sections) writeSection(section, output, body.properties);
    },
  };
}

function readSection(section: Section, input: AmfExternalInput, members: Map<string, AmfValue>): void {
  const flagBytes: number[] = [];
  for (let flags = hasNextFlag; (flags & hasNextFlag) !== 0; ) {
    if (flagBytes.length === maxFlagBytes) {
      throw new RangeError(`More than ${maxFlagBytes} bytes of flags in a Flex message`);
    }
    flags = input.readUint8();
    flagBytes.push(flags);
  }
  for (const [i, flags] of flagBytes.entries()) {
    const names = section[i] ?? [];
    for (let bit = 0; bit < 7; bit += 1) {
      if ((flags & (1 << bit)) === 0) continue;
      const name = names[bit];
      if (name !== undefined) members.set(name, input.readObject());
      // A flag of a later version stands for one value as well, up to bit 5; there is no name to keep it under.
      else if (bit < 6) input.readObject();
    }
  }
}

function writeSection(section: Section, output: AmfExternalOutput, members: ReadonlyMap<string, AmfValue>): void {
  const flagBytes = section.map((names) =>
    names.reduce((flags, name, bit) => (members.has(name) ? flags | (1 << bit) : flags), 0),
  );
  while (flagBytes.length > 1 && flagBytes.at(-1) === 0) flagBytes.pop();
  for (const [i, flags] of flagBytes.entries()) {
    output.writeUint8(i < flagBytes.length - 1 ? flags | hasNextFlag : flags);
  }
  for (const name of section.flat()) if (members.has(name)) output.writeObject(members.get(name));
}
