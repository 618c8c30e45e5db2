import { RtmpUsageError } from '../bytes/index.js';
import type { AmfLimits } from './amf-limits.js';
import { flexCodecs } from './flex-codecs.js';
import { AmfExternalizable, type AmfInput, type AmfInstance, type AmfValue } from './value.js';

/** The body of an externalizable object, as its codec reads it. Integers are big-endian. */
export interface AmfExternalInput {
  readUint8(): number;
  readUint16(): number;
  readUint32(): number;
  readFloat64(): number;
  /** The 29-bit integers of AMF3, unsigned. */
  readUint29(): number;
  /** `length` bytes, copied. */
  readBytes(length: number): Uint8Array;
  readUtf8(length: number): string;
  /** A whole AMF3 value, with the reference tables of the message. */
  readObject(): AmfValue;
}

/** Where the codec of an externalizable object writes its body. Integers are big-endian. */
export interface AmfExternalOutput {
  writeUint8(value: number): void;
  writeUint16(value: number): void;
  writeUint32(value: number): void;
  writeFloat64(value: number): void;
  /** 0 to 2^29 - 1. */
  writeUint29(value: number): void;
  writeBytes(bytes: Uint8Array): void;
  /** The text without a length; returns how many bytes it took. */
  writeUtf8(text: string): number;
  /** A whole AMF3 value, with the reference tables of the message. */
  writeObject(value: AmfInput): void;
}

/**
 * How a class that serialises itself is read and written. Nothing tells where the bytes of one end, so `read` must take
 * exactly what the other side's class writes. What it throws becomes `ERR_AMF3_BAD_INSTANCE`.
 */
export interface AmfExternalCodec {
  read(input: AmfExternalInput): AmfValue;
  write(output: AmfExternalOutput, body: AmfValue): void;
}

/** How the objects of a class alias become instances of a class, and back. What a function throws refuses the message. */
export interface AmfClassMapping<T extends AmfInstance> {
  /**
   * Called once all members are read. In a cycle, members may be instances that are not filled themselves yet. Absent:
   * the fields that a new instance has get the members of their names, unchecked (a peer may send any type), and other
   * members are dropped.
   */
  fill?(instance: T, members: ReadonlyMap<string, AmfValue>): void;
  /** What to send, in order. Absent: the instance's own enumerable fields. */
  members?(instance: T): Iterable<readonly [string, AmfInput]>;
  /** For classes that are externalizable on the other side; `fill` and `members` have no part in it. AMF3 only. */
  readonly external?: {
    read(instance: T, input: AmfExternalInput): void;
    write(instance: T, output: AmfExternalOutput): void;
  };
}

export interface AmfDecodeOptions extends Partial<AmfLimits> {
  /** Absent: the built-in externalizable classes of Flex and nothing else. */
  readonly registry?: AmfRegistry;
}

export interface AmfEncodeOptions {
  /** Absent: the built-in externalizable classes of Flex and nothing else. */
  readonly registry?: AmfRegistry;
}

/** What the decoders and encoders do with an alias. */
export type AmfRegistration = MembersRegistration | ExternalRegistration;

interface MembersRegistration {
  readonly kind: 'members';
  readonly alias: string;
  create(): object;
  fill(instance: object, members: ReadonlyMap<string, AmfValue>): void;
  members(instance: object): Iterable<readonly [string, AmfInput]>;
}

interface ExternalRegistration {
  readonly kind: 'external';
  readonly alias: string;
  /** Whether the instances are `AmfExternalizable`s. */
  readonly holdsBody: boolean;
  create(): object;
  read(instance: object, input: AmfExternalInput): void;
  write(instance: object, output: AmfExternalOutput): void;
}

/**
 * Which class aliases are more than names. An alias that is not registered never makes anything but an `AmfObject`, or
 * an error where the object is externalizable. A new registry knows the externalizable classes of Flex:
 * `flex.messaging.io.ArrayCollection`, `ArrayList` and `ObjectProxy` with the object inside as body, and the short
 * messages `DSA`, `DSC` and `DSK` with an `AmfObject` of their members as body.
 */
export class AmfRegistry {
  readonly #byAlias = new Map<string, AmfRegistration>();
  readonly #byType = new Map<unknown, AmfRegistration>();
  readonly #own = new Set<string>();

  constructor() {
    for (const [alias, codec] of flexCodecs) this.#byAlias.set(alias, externalRegistration(alias, codec));
  }

  /**
   * Externalizable objects of `alias` decode to an `AmfExternalizable` with what `codec` makes of their bytes. May
   * replace a built-in one.
   *
   * @throws RtmpUsageError `ERR_AMF_ALIAS` for an alias that is empty or taken.
   */
  registerExternalizable(alias: string, codec: AmfExternalCodec): this {
    this.#take(alias);
    this.#byAlias.set(alias, externalRegistration(alias, codec));
    return this;
  }

  /**
   * Objects of `alias` decode to a `new type()`, and instances of exactly that class are sent under that alias.
   *
   * @throws RtmpUsageError `ERR_AMF_ALIAS` for an alias that is empty or taken, and for a class registered already.
   */
  registerClass<T extends AmfInstance>(alias: string, type: new () => T, mapping: AmfClassMapping<T> = {}): this {
    if (this.#byType.has(type)) {
      throw new RtmpUsageError('ERR_AMF_ALIAS', `The class for ${JSON.stringify(alias)} has an alias already`);
    }
    this.#take(alias);
    const registration = classRegistration(alias, type, mapping);
    this.#byAlias.set(alias, registration);
    this.#byType.set(type, registration);
    return this;
  }

  /** For the decoders. */
  forAlias(alias: string): AmfRegistration | undefined {
    return this.#byAlias.get(alias);
  }

  /** For the encoders: what `value`'s class is registered as. */
  forValue(value: object): AmfRegistration | undefined {
    if (value instanceof AmfExternalizable) {
      const registration = this.#byAlias.get(value.className);
      return registration?.kind === 'external' && registration.holdsBody ? registration : undefined;
    }
    if (this.#byType.size === 0) return undefined;
    const prototype: unknown = Object.getPrototypeOf(value);
    return typeof prototype === 'object' && prototype !== null ? this.#byType.get(prototype.constructor) : undefined;
  }

  #take(alias: string): void {
    if (alias === '' || this.#own.has(alias)) {
      throw new RtmpUsageError('ERR_AMF_ALIAS', `The alias ${JSON.stringify(alias)} is ${alias ? 'taken' : 'empty'}`);
    }
    this.#own.add(alias);
  }
}

/** What decoders and encoders use that are given no registry. Never added to. */
export const builtInRegistry = new AmfRegistry();

function externalRegistration(alias: string, codec: AmfExternalCodec): AmfRegistration {
  return {
    kind: 'external',
    alias,
    holdsBody: true,
    create: () => new AmfExternalizable(alias),
    read: (instance, input) => {
      (instance as AmfExternalizable).body = codec.read(input);
    },
    write: (instance, output) => codec.write(output, (instance as AmfExternalizable).body),
  };
}

function classRegistration<T extends AmfInstance>(
  alias: string,
  type: new () => T,
  mapping: AmfClassMapping<T>,
): AmfRegistration {
  // Only what `create` made, or what is of `type`, ever comes back as `instance`.
  const create = (): object => new type();
  const { external, fill, members } = mapping;
  if (external !== undefined) {
    return {
      kind: 'external',
      alias,
      holdsBody: false,
      create,
      read: (instance, input) => external.read(instance as T, input),
      write: (instance, output) => external.write(instance as T, output),
    };
  }
  return {
    kind: 'members',
    alias,
    create,
    fill: (instance, received) => {
      if (fill !== undefined) fill.call(mapping, instance as T, received);
      else fillFields(instance, received);
    },
    members: (instance) => {
      return members !== undefined ? members.call(mapping, instance as T) : Object.entries(instance);
    },
  };
}

/** Only the instance's own fields: a name on the wire reaches neither a prototype nor a method nor a setter. */
function fillFields(instance: object, received: ReadonlyMap<string, AmfValue>): void {
  for (const name of Object.keys(instance)) {
    if (received.has(name)) Reflect.set(instance, name, received.get(name));
  }
}
