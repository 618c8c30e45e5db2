import { AmfDate, AmfEcmaArray, AmfObject, type AmfValue } from '../amf/index.js';
import { RtmpRemoteError, RtmpUsageError } from '../bytes/index.js';

export interface TextRules {
  /** UTF-16 code units, as `String.length` counts. */
  readonly maxLength: number;
  /** UTF-16 code units; absent: the text may be empty. */
  readonly minLength?: number;
  /** Tabs and line ends are allowed, other control characters never: they would reach logs and terminals. */
  readonly multiline?: boolean;
}

/** How much of a text is repeated in an error's message. */
const maxQuotedLength = 24;
/** How far from 1970 a Date of ECMAScript may be. */
const maxTimeMs = 8.64e15;

/** Reads members of one object of a peer's, and names the member in every complaint. */
export class MemberReader {
  readonly #properties: ReadonlyMap<string, AmfValue>;
  readonly #code: string;

  /**
   * @param what begins the message where `value` has no members: "the header".
   * @throws RtmpRemoteError `code` unless `value` is an object or an ECMA array.
   */
  constructor(value: AmfValue, code: string, what: string) {
    if (!(value instanceof AmfObject || value instanceof AmfEcmaArray)) {
      throw new RtmpRemoteError(code, `${what} is ${kindOf(value)}, not an object`);
    }
    this.#properties = value.properties;
    this.#code = code;
  }

  has(name: string): boolean {
    return this.#properties.get(name) !== undefined;
  }

  /** An integer from `min` to `max`. */
  integer(name: string, min: number, max: number): number {
    const value = this.#member(name);
    if (typeof value !== 'number') this.fail(`${name} is ${kindOf(value)}, not a number`);
    if (!Number.isInteger(value) || value < min || value > max) {
      const allowed = min === max ? String(min) : `${min} to ${max}`;
      this.fail(`${name} is ${value}, allowed ${allowed}`);
    }
    // Not -0.
    return value + 0;
  }

  /** A boolean, or the numbers 0 and 1 in its place. */
  flag(name: string): boolean {
    const value = this.#member(name);
    if (typeof value === 'boolean') return value;
    if (typeof value !== 'number') this.fail(`${name} is ${kindOf(value)}, not a boolean`);
    if (value !== 0 && value !== 1) this.fail(`${name} is ${value}, allowed false, true, 0 and 1`);
    return value === 1;
  }

  text(name: string, rules: TextRules): string {
    const value = this.#member(name);
    if (typeof value !== 'string') this.fail(`${name} is ${kindOf(value)}, not a string`);
    const complaint = textComplaint(name, value, rules);
    if (complaint !== undefined) this.fail(complaint);
    return value;
  }

  /** One of a few words. */
  word<Word extends string>(name: string, words: readonly Word[]): Word {
    const value = this.#member(name);
    if (typeof value !== 'string') this.fail(`${name} is ${kindOf(value)}, not a string`);
    const found = words.find((word) => word === value);
    if (found === undefined) {
      this.fail(`${name} is ${JSON.stringify(value.slice(0, maxQuotedLength))}, allowed ${words.join(', ')}`);
    }
    return found;
  }

  /** Milliseconds since 1970 of a date. */
  dateMs(name: string): number {
    const value = this.#member(name);
    if (!(value instanceof AmfDate)) this.fail(`${name} is ${kindOf(value)}, not a date`);
    const { timeMs } = value;
    if (!Number.isFinite(timeMs) || Math.abs(timeMs) > maxTimeMs) this.fail(`${name} is not a valid date`);
    return timeMs;
  }

  fail(message: string): never {
    throw new RtmpRemoteError(this.#code, message);
  }

  #member(name: string): AmfValue {
    const value = this.#properties.get(name);
    if (value === undefined) this.fail(`${name} is missing`);
    return value;
  }
}

/** What is wrong with a text; `undefined`: nothing. */
export function textComplaint(name: string, text: string, rules: TextRules): string | undefined {
  const { maxLength, minLength = 0, multiline = false } = rules;
  if (text.length < minLength) return `${name} is empty`;
  if (text.length > maxLength) return `${name} is ${text.length} characters long, allowed up to ${maxLength}`;
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (isControl(code) && !(multiline && isTabOrLineEnd(code))) return `${name} holds a control character at ${i}`;
  }
  return undefined;
}

/**
 * An object of ours, once it has passed the parser that its receiver has: so there is one set of rules for both ways.
 *
 * @throws RtmpUsageError with the parser's code and message.
 */
export function checkedBy(parse: (value: AmfValue) => unknown, object: AmfObject): AmfObject {
  try {
    parse(object);
  } catch (error) {
    if (!(error instanceof RtmpRemoteError)) throw error;
    throw new RtmpUsageError(error.code, error.message, { cause: error });
  }
  return object;
}

function isControl(code: number): boolean {
  return code < 0x20 || (code >= 0x7f && code < 0xa0);
}

function isTabOrLineEnd(code: number): boolean {
  return code === 0x09 || code === 0x0a || code === 0x0d;
}

function kindOf(value: AmfValue): string {
  if (value === undefined) return 'missing';
  if (value === null) return 'null';
  if (typeof value !== 'object') return `a ${typeof value}`;
  if (Array.isArray(value)) return 'an array';
  return value instanceof AmfDate ? 'a date' : 'an object';
}
