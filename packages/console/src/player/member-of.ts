/** What a value has under a name, where that is nobody's promise: what libraries keep to themselves. */
export function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
