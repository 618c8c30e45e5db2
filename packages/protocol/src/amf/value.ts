/**
 * One value model for AMF0 and AMF3. Primitives are JavaScript's own; what JavaScript has no exact counterpart for has a
 * class here, so that decoding and encoding again keeps what the format can say.
 *
 * | here | AMF0 | AMF3 |
 * |---|---|---|
 * | `number` | number | integer if it is one of 29 bits and not -0, else double |
 * | `boolean`, `string`, `null`, `undefined` | the same | the same |
 * | `AmfValue[]` | strict array | array without names |
 * | `AmfObject` | object, typed object | object with its traits |
 * | `AmfEcmaArray` | ECMA array | array with names (without any: decoded as `AmfValue[]`) |
 * | `AmfDate` | date | date; the time zone is not sent |
 * | `AmfXmlDocument` | XML document | XMLDocument |
 * | `AmfXml` | XML document (decoded as `AmfXmlDocument`) | XML |
 * | `AmfUnsupported` | unsupported | undefined |
 * | `Uint8Array` | - | ByteArray |
 * | `AmfIntVector`, `AmfUintVector`, `AmfDoubleVector`, `AmfObjectVector` | - | Vector |
 * | `AmfDictionary` | - | Dictionary |
 * | `AmfExternalizable` | - | externalizable object whose class has a registered codec |
 * | `AmfInstance` | typed object of a registered class | the same |
 *
 * For "-" see `Amf3Value`: AMF0 carries such a value in AMF3.
 */
export type AmfValue =
  | undefined
  | null
  | boolean
  | number
  | string
  | AmfValue[]
  | AmfObject
  | AmfEcmaArray
  | AmfDate
  | AmfXmlDocument
  | AmfXml
  | AmfUnsupported
  | Uint8Array
  | AmfIntVector
  | AmfUintVector
  | AmfDoubleVector
  | AmfObjectVector
  | AmfDictionary
  | AmfExternalizable
  | AmfInstance;

/** What may be given where AMF is to be sent: plain objects and `Date` are taken as well. */
export type AmfInput = AmfValue | Amf3Value | Date | { readonly [name: string]: AmfInput } | readonly AmfInput[];

/** What AMF3 says of an object's class, besides the name. */
export interface AmfTraits {
  /** The members that the class defines, in the order in which their values are sent. */
  readonly sealed: readonly string[];
  /** Whether an object may have members beside the sealed ones. */
  readonly dynamic: boolean;
}

/** An object with named members in the order of the wire. A Map, so that no name (`__proto__`) can do harm. */
export class AmfObject {
  /** The class alias of a typed object; `undefined` for an anonymous one. */
  readonly className: string | undefined;
  readonly properties: Map<string, AmfValue>;
  /**
   * As received in AMF3; AMF0 has none. Absent: dynamic without sealed members for an anonymous object, all members
   * sealed for a typed one.
   */
  readonly traits: AmfTraits | undefined;

  constructor(properties?: Iterable<readonly [string, AmfValue]>, className?: string, traits?: AmfTraits) {
    this.properties = new Map(properties);
    this.className = className;
    this.traits = traits;
  }

  get(name: string): AmfValue {
    return this.properties.get(name);
  }
}

/** An associative array; encoders of metadata use it where an object would do. */
export class AmfEcmaArray {
  readonly properties: Map<string, AmfValue>;
  /** The count that stood on the wire: a hint that many encoders get wrong. Absent: the number of properties is sent. */
  readonly declaredCount: number | undefined;
  /** AMF3: the elements at the indices from 0 up, beside the names. AMF0 sends them as members named `0`, `1`, … */
  readonly items: AmfValue[];

  constructor(properties?: Iterable<readonly [string, AmfValue]>, declaredCount?: number, items: AmfValue[] = []) {
    this.properties = new Map(properties);
    this.declaredCount = declaredCount;
    this.items = items;
  }

  get(name: string): AmfValue {
    return this.properties.get(name);
  }
}

export class AmfDate {
  /** Milliseconds since 1970-01-01 UTC; may be fractional or NaN, as on the wire. */
  readonly timeMs: number;
  /** The time zone field, minutes: reserved and 0 by the specification, kept as received. */
  readonly timeZoneMinutes: number;

  constructor(timeMs: number, timeZoneMinutes = 0) {
    this.timeMs = timeMs;
    this.timeZoneMinutes = timeZoneMinutes;
  }
}

export class AmfXmlDocument {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** The "unsupported" marker: the sender had a value that AMF0 cannot carry. */
export class AmfUnsupported {
  readonly kind = 'unsupported';
}

/** XML of ActionScript 3 (E4X), as text. */
export class AmfXml {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** `Vector.<int>`: signed integers of 32 bits. */
export class AmfIntVector {
  readonly values: Int32Array;
  readonly fixed: boolean;

  constructor(values: Iterable<number>, fixed = false) {
    this.values = values instanceof Int32Array ? values : Int32Array.from(values);
    this.fixed = fixed;
  }
}

/** `Vector.<uint>`: unsigned integers of 32 bits. */
export class AmfUintVector {
  readonly values: Uint32Array;
  readonly fixed: boolean;

  constructor(values: Iterable<number>, fixed = false) {
    this.values = values instanceof Uint32Array ? values : Uint32Array.from(values);
    this.fixed = fixed;
  }
}

/** `Vector.<Number>` */
export class AmfDoubleVector {
  readonly values: Float64Array;
  readonly fixed: boolean;

  constructor(values: Iterable<number>, fixed = false) {
    this.values = values instanceof Float64Array ? values : Float64Array.from(values);
    this.fixed = fixed;
  }
}

/** A Vector of anything else. */
export class AmfObjectVector {
  readonly items: AmfValue[];
  /** The class of the elements, as on the wire: an alias, `*` or empty for any. Not checked against the elements. */
  readonly typeName: string;
  readonly fixed: boolean;

  constructor(items: AmfValue[] = [], typeName = '*', fixed = false) {
    this.items = items;
    this.typeName = typeName;
    this.fixed = fixed;
  }
}

/** A map whose keys may be anything. As in ActionScript, objects are different keys even where their members are equal. */
export class AmfDictionary {
  readonly entries: Map<AmfValue, AmfValue>;
  readonly weakKeys: boolean;

  constructor(entries: Iterable<readonly [AmfValue, AmfValue]> = [], weakKeys = false) {
    this.entries = new Map(entries);
    this.weakKeys = weakKeys;
  }
}

/** An object whose class writes and reads itself, in a way that a codec of the registry knows. */
export class AmfExternalizable {
  readonly className: string;
  /** What the codec made of the bytes. `undefined` while they are being read. */
  body: AmfValue;

  constructor(className: string, body?: AmfValue) {
    this.className = className;
    this.body = body;
  }
}

/** The base of the classes that an `AmfRegistry` maps class aliases to. */
export abstract class AmfInstance {
  // For the compiler alone: without it any object would pass for an instance.
  declare protected readonly amfInstance: true;
}

/** Asks `encodeAmf0` to send this one value in AMF3, behind the marker 0x11. In AMF3 it makes no difference. */
export class Amf3Value {
  readonly value: AmfInput;

  constructor(value: AmfInput) {
    this.value = value;
  }
}
