import { AmfObject } from '@millrace/protocol';
import { afterEach, describe, expect, it } from 'vitest';
import { ScriptedServer } from '../test/scripted-server.js';
import type { Bandwidth } from './bandwidth.js';
import type { ConnectOptions } from './connect-options.js';
import { NetConnection } from './net-connection.js';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** Asks in a dialect of Flash Media Server. Resolves to what `onBandwidth` is told. */
async function check(command: string, onCall?: ConnectOptions['onCall']): Promise<Bandwidth> {
  const server = await ScriptedServer.start();
  closers.push(() => server.close());
  let tell: (bandwidth: Bandwidth) => void = () => {};
  const told = new Promise<Bandwidth>((resolve) => {
    tell = resolve;
  });
  const connection = await NetConnection.connect(server.url, { onBandwidth: tell, ...(onCall && { onCall }) });
  closers.push(() => connection.close());
  expect(await connection.call(command)).toBeUndefined();
  return told;
}

describe('a bandwidth check', () => {
  it.each(['checkBandwidth', '_checkbw'])('%s is answered, and tells its figures', async (command) => {
    // A payload was answered: 0 divided by 0 is none.
    const { kbitDown, deltaDown, deltaTime } = await check(command);
    expect(kbitDown).toBe(Math.round(deltaDown / deltaTime));
  });

  it.each([
    ['throws', () => Promise.reject(new Error('no such method'))],
    ['returns nothing', () => undefined],
    ['answers', () => 7],
  ])('is answered where onCall %s', async (_what, onCall) => {
    const called: string[] = [];
    const bandwidth = await check('checkBandwidth', (call) => {
      called.push(call.name);
      return onCall();
    });
    // A payload was answered.
    expect(bandwidth.deltaDown).toBeGreaterThan(0);
    expect(called).toContain('onBWCheck');
  });

  it('tells nothing of an onBWDone without all figures', async () => {
    const server = await ScriptedServer.start();
    closers.push(() => server.close());
    const told: Bandwidth[] = [];
    const connection = await NetConnection.connect(server.url, { onBandwidth: (bandwidth) => told.push(bandwidth) });
    closers.push(() => connection.close());
    for (const args of [[8192], ['a', 'b', 'c'], [1, 2, new AmfObject(), 4]]) {
      server.peer.session.sendCommand('onBWDone', 0, args);
    }
    server.peer.flush();
    await connection.createStream();
    expect(told).toEqual([{ kbitDown: 1, deltaDown: 2, deltaTime: 0, latency: 4 }]);
  });
});
