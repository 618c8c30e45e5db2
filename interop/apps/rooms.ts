export interface Room {
  readonly members: readonly string[];
}

export function describeRoom(room: Room | undefined): string {
  return room === undefined ? 'empty' : `${room.members.length} here`;
}
