import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { loadConfig } from './config/index.js';
import { silentLogger } from './log/index.js';
import { SharedObjects } from './shared-object/index.js';
import { sharedObjectSource } from './shared-object-source.js';

it('tells HTTP of the shared objects that somebody uses', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-source-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const config = loadConfig({ set: [`state.dir=${folder}`] });
  const objects = new SharedObjects({ config, now: () => 0, log: silentLogger });
  onTestFinished(() => objects.close());
  const source = sharedObjectSource(objects);
  expect(source.snapshot()).toEqual([]);

  const board = await objects.forApp.sharedObject('chat/room1', 'board', { persistent: true });
  board.set('title', 'Plans');
  board.set('size', [1600, 900]);
  board.set('title', 'Ships');
  const info = { app: 'chat/room1', name: 'board', persistent: true, version: 3, slots: 2, members: 0 };
  expect(source.snapshot()).toEqual([{ ...info, bytes: expect.any(Number) }]);
  const read = source.read('chat/room1', 'board');
  expect(read?.info).toMatchObject(info);
  expect([...(read?.slots ?? [])]).toEqual([
    { name: 'title', version: 3, value: 'Ships' },
    { name: 'size', version: 2, value: [1600, 900] },
  ]);
  expect(source.read('chat', 'board')).toBeUndefined();
  expect(source.read('chat/room1', 'other')).toBeUndefined();

  const score = await objects.forApp.sharedObject('live', 'score');
  expect(source.read('live', 'score')?.info.persistent).toBe(false);
  score.close();
  expect(source.read('live', 'score')).toBeUndefined();
});
