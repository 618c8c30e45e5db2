/** A name for who has not given one: `Guest-1a2b`. */
export function guestName(random: Uint8Array = crypto.getRandomValues(new Uint8Array(2))): string {
  return `Guest-${Array.from(random, (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}
