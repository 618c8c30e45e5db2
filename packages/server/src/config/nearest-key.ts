/** The known key that was most likely meant, or `undefined` when none is close. */
export function nearestKey(unknown: string, known: readonly string[]): string | undefined {
  const wanted = unknown.toLowerCase();
  const leaf = lastPart(wanted);
  let nearest: string | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const key of known) {
    const candidate = key.toLowerCase();
    // `takeover` or `live.takeover` for publish.takeover: the right word in the wrong place costs as much as one typing error.
    const distance = Math.min(editDistance(wanted, candidate), editDistance(leaf, lastPart(candidate)) + 1);
    if (distance < least) {
      least = distance;
      nearest = key;
    }
  }
  return least <= Math.max(2, Math.floor(leaf.length / 3)) ? nearest : undefined;
}

function lastPart(key: string): string {
  return key.slice(key.lastIndexOf('.') + 1);
}

/** Levenshtein's: how many characters to add, take away or change. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
