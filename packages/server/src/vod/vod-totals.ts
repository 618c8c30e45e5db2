/** What the players of recordings of a server come to. */
export class VodTotals {
  /** Now: those that are paused, or have had all, too. */
  playerCount = 0;
  /** Given to players since the start. */
  bytesOut = 0;
}
