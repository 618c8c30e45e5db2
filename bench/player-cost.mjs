// What players cost the server in this process, all of them in another.
import { fork } from 'node:child_process';
import { setTimeout as after } from 'node:timers/promises';

/** Until all have joined and have what they buffer. */
export const warmUpMs = 4_000;

/**
 * Runs `path` as the players' process, which answers each message with the bytes of media that came so far. Resolves with
 * the CPU time of this process, in seconds, for each GB that they got in `seconds`. `what`: for who reads the error.
 */
export async function measurePlayers({ path, setup, players, seconds, what }) {
  const clients = fork(path, ['players', JSON.stringify(setup)]);
  const died = new Promise((_resolve, reject) => {
    clients.once('exit', () => reject(new Error(`${what}: the players have died`)));
  });
  died.catch(() => undefined);
  const received = () => {
    const count = new Promise((resolve) => {
      clients.once('message', resolve);
    });
    clients.send('count');
    return Promise.race([count, died]);
  };
  await Promise.race([after(warmUpMs), died]);
  const bytesBefore = await received();
  const cpuBefore = process.cpuUsage();
  await Promise.race([after(seconds * 1000), died]);
  const { user, system } = process.cpuUsage(cpuBefore);
  const gigabytes = ((await received()) - bytesBefore) / 1e9;
  clients.kill();
  await died.catch(() => undefined);
  if (gigabytes < (players * seconds * 2.5e6) / 8 / 1e9 / 2) throw new Error(`${what}: the players got half at most`);
  return { perGb: (user + system) / 1e6 / gigabytes, gigabytes };
}
