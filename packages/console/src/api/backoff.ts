/**
 * How long to wait before try number `failures` + 1, in milliseconds: `firstMs` after the first failure, doubled each
 * time, never more than `maxMs`. Zero or fewer failures: 0.
 */
export function backoffMs(failures: number, firstMs = 1000, maxMs = 8000): number {
  if (failures <= 0) return 0;
  return Math.min(maxMs, firstMs * 2 ** Math.min(failures - 1, 30));
}
