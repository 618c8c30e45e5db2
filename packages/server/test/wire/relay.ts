import { expect } from 'vitest';
import type { TestServer } from './start-test-server.js';
import { pattern } from './wire-bytes.js';
import type { WireClient } from './wire-client.js';

/** A publisher and a player of one new name. */
export interface Relay {
  readonly name: string;
  readonly publisher: WireClient;
  readonly publisherStreamId: number;
  readonly player: WireClient;
  readonly playerStreamId: number;
}

let names = 0;

export async function openRelay(server: TestServer): Promise<Relay> {
  names += 1;
  const name = `relay-${names}`;
  const publisher = await server.connected();
  const publisherStreamId = await publisher.publish(name);
  const player = await server.connected();
  const playerStreamId = await player.play(name);
  return { name, publisher, publisherStreamId, player, playerStreamId };
}

export function closeRelay({ publisher, player }: Relay): void {
  publisher.destroy();
  player.destroy();
}

/** Sends a message through and expects it at the other end: the server serves, whatever was done to it. */
export async function expectServes(server: TestServer, relay?: Relay): Promise<void> {
  const used = relay ?? (await openRelay(server));
  const { publisher, publisherStreamId, player, playerStreamId } = used;
  const payload = pattern(1000, 77);
  publisher.sendMessage({ type: 8, messageStreamId: publisherStreamId, timestamp: 77, payload });
  expect(await player.nextMedia()).toMatchObject({ type: 8, timestamp: 77, messageStreamId: playerStreamId, payload });
  if (relay === undefined) closeRelay(used);
}
