/** The number in `?limit=`: `standard` where it is absent, `undefined` where it is none from 0 to `max` (99,999 or less). */
export function readLimit(
  text: string | undefined,
  { standard, max }: { readonly standard: number; readonly max: number },
): number | undefined {
  if (text === undefined) return standard;
  const limit = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  return limit <= max ? limit : undefined;
}
