import type { Socket } from 'node:net';

/** Resolves when the socket is closed, by a reset as well, at which `events.once` would fail. */
export function closeOf(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.destroyed) resolve();
    else socket.once('close', () => resolve());
  });
}
