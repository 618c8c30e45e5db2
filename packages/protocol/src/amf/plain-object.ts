import type { AmfInput } from './value.js';

export function isInputArray(value: AmfInput): value is readonly AmfInput[] {
  return Array.isArray(value);
}

/** An object literal or an object without a prototype, from this realm or another (a frame, a Node `vm` context). */
export function isPlainObject(value: object): value is { readonly [name: string]: AmfInput } {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
