/** What this browser remembers of the person's choices. Private windows may refuse: then nothing is remembered. */
export function recall(key: string): string | undefined {
  try {
    return localStorage.getItem(`millrace.${key}`) ?? undefined;
  } catch {
    return undefined;
  }
}

/** Remembers a choice; `undefined` forgets it. */
export function remember(key: string, value: string | undefined): void {
  try {
    if (value === undefined) localStorage.removeItem(`millrace.${key}`);
    else localStorage.setItem(`millrace.${key}`, value);
  } catch {
    // Refused: the choice lasts as long as the page.
  }
}
