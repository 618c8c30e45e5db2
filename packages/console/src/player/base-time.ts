/** Under which names publishers tell the UTC ms of timestamp 0. */
const names = ['cu_basetime', 'cubasetime'];

/** The base time of metadata as mpegts.js gives them; `undefined`: they tell none. */
export function baseTimeMs(metadata: unknown): number | undefined {
  if (typeof metadata !== 'object' || metadata === null) return undefined;
  const values = names.map((name): unknown => Reflect.get(metadata, name));
  return values.find(isTime);
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value > 0;
}
