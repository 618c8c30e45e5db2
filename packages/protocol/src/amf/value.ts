/**
 * One value model for AMF0 and AMF3. Primitives are JavaScript's own; what JavaScript has no exact counterpart for has a
 * class here, so that decoding and encoding again gives the same bytes.
 *
 * | AMF                | here                              |
 * |--------------------|-----------------------------------|
 * | number, boolean, string, null, undefined | the primitive |
 * | strict array       | `AmfValue[]`                      |
 * | object, typed object | `AmfObject` (`className` absent for an anonymous one) |
 * | ECMA array         | `AmfEcmaArray`                    |
 * | date               | `AmfDate`                         |
 * | XML document       | `AmfXmlDocument`                  |
 * | unsupported        | `AmfUnsupported`                  |
 * | AVM+ (marker 0x11) | `Amf3Bytes` until AMF3 is decoded |
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
  | AmfUnsupported
  | Amf3Bytes;

/** What may be given where AMF is to be sent: plain objects and `Date` are taken as well. */
export type AmfInput = AmfValue | Date | { readonly [name: string]: AmfInput } | readonly AmfInput[];

/** An object with named members in the order of the wire. A Map, so that no name (`__proto__`) can do harm. */
export class AmfObject {
  /** The class alias of a typed object; `undefined` for an anonymous one. */
  readonly className: string | undefined;
  readonly properties: Map<string, AmfValue>;

  constructor(properties: Iterable<readonly [string, AmfValue]> = [], className?: string) {
    this.properties = new Map(properties);
    this.className = className;
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

  constructor(properties: Iterable<readonly [string, AmfValue]> = [], declaredCount?: number) {
    this.properties = new Map(properties);
    this.declaredCount = declaredCount;
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

/** The rest of a message after marker 0x11, not decoded: AMF3 finds its place here. A view of the input. */
export class Amf3Bytes {
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }
}
