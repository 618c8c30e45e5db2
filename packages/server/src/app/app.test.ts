import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import {
  type AppDefinition,
  AppError,
  type AppServer,
  defineApp,
  findHandlers,
  loadApp,
  reject,
  startApp,
} from './index.js';
import { explainLoadError } from './load-app.js';
import { isRefusal } from './refusal.js';

const folder = mkdtempSync(join(tmpdir(), 'millrace-app-'));
afterAll(() => rmSync(folder, { recursive: true }));

let count = 0;
function fileWith(content: string): string {
  count += 1;
  const file = join(folder, `app-${count}.mjs`);
  writeFileSync(file, content);
  return file;
}

async function errorOf(act: () => unknown): Promise<string> {
  try {
    await act();
  } catch (error) {
    if (error instanceof AppError) return error.message;
    throw error;
  }
  return 'no error';
}

describe('defineApp', () => {
  it.each([
    [{ onConect: () => undefined }, /^there is no handler "onConect"; there are: onConnect, .*procedures$/],
    [{ onConnect: 7 }, /^onConnect is no function$/],
    [{ procedures: { a: 7 } }, /^the procedure "a" is no function$/],
    [{ procedures: 7 }, /^"procedures" is an object/],
    [{ procedures: { _a: () => 1 } }, /^no client could call the procedure "_a": /],
    [{ procedures: { 'a._b': () => 1 } }, /^no client could call the procedure "a\._b": /],
    [{ procedures: { onData: () => 1 } }, /^no client could call the procedure "onData": /],
    [{ name: 'a/b' }, /^the name of an application is text without "\/" and "\?", not "a\/b"$/],
    [{ name: '' }, /^the name of an application/],
    [{ apps: { 'a?b': {} } }, /^the name of an application/],
    [{ apps: { a: 7 } }, /^the application "a" is no object/],
    [{ apps: 7 }, /^"apps" is an object/],
    [{ apps: {}, onConnect: () => undefined }, /^beside "apps" there can be no "onConnect"/],
    [null, /^an application is an object with handlers$/],
    [7, /^an application is an object with handlers$/],
  ])('refuses %j', async (definition, message) => {
    expect(await errorOf(() => defineApp(definition as AppDefinition))).toMatch(message);
  });

  it('finds handlers by the first part of what clients connect to', () => {
    const chat = {};
    const app = defineApp({ apps: { chat } });
    expect(findHandlers(app, 'chat')).toBe(chat);
    expect(findHandlers(app, 'chat/room/1')).toBe(chat);
    for (const other of ['', 'chatter', 'live/chat', '__proto__', 'constructor']) {
      expect(findHandlers(app, other)).toBeUndefined();
    }
  });
});

describe('startApp', () => {
  const appServer = (mediaDir: string): AppServer => ({ mediaDir, sharedObject: () => Promise.reject(new Error()) });

  it('tells each application what it is part of', async () => {
    const told: unknown[] = [];
    const onAppStart = async (server: AppServer) => void told.push(server.mediaDir);
    await startApp(defineApp({ onAppStart }), appServer('/one'));
    await startApp(defineApp({ apps: { a: { onAppStart }, b: {}, c: { onAppStart } } }), appServer('/two'));
    expect(told).toEqual(['/one', '/two', '/two']);
  });

  it('says in one line what has failed', async () => {
    const app = defineApp({ onAppStart: () => Promise.reject(new Error('no database')) });
    expect(await errorOf(() => startApp(app, appServer('/')))).toBe(
      'onAppStart of the application failed: no database',
    );
  });
});

describe('reject', () => {
  it('is known when it comes from another copy of the package', () => {
    expect(isRefusal(reject('no'))).toBe(true);
    const foreign = Object.assign(new Error('no'), { name: 'Refusal', code: undefined, redirectUrl: undefined });
    expect(isRefusal(foreign)).toBe(true);
    expect(isRefusal(new Error('no'))).toBe(false);
  });
});

describe('loadApp', () => {
  it('takes what defineApp makes, and what it would take', async () => {
    const app = await loadApp(fileWith('export default { name: "chat", onConnect() {} }'));
    expect([...app.byName.keys()]).toEqual(['chat']);
    const made = 'export default { kind: "millrace-app", byName: new Map([["a", {}]]), anyName: undefined }';
    expect([...(await loadApp(fileWith(made))).byName.keys()]).toEqual(['a']);
  });

  it.each([
    [
      'throw new TypeError("no database\\nat all")',
      /^cannot load FILE \(app\.file\): TypeError: no database( \(line 1\))?$/,
    ],
    ['throw 7', /^cannot load FILE \(app\.file\): it throws 7$/],
    ['export default {', /^cannot load FILE \(app\.file\): [^\n]+$/],
    ['import "./none.mjs"', /^cannot load FILE \(app\.file\): [^\n]*none\.mjs[^\n]*$/],
    [
      'export const app = {}',
      /^cannot load FILE \(app\.file\): it has no default export; write: export default define/,
    ],
    [
      'export default { onConect() {} }',
      /^cannot load FILE \(app\.file\): there is no handler "onConect"; there are: /,
    ],
  ])('says in one line what is wrong with %j', async (content, message) => {
    const file = fileWith(content);
    expect((await errorOf(() => loadApp(file))).replace(file, 'FILE')).toMatch(message);
  });

  it('says so where there is no file', async () => {
    const file = join(folder, 'none.js');
    expect(await errorOf(() => loadApp(file))).toBe(`cannot load ${file} (app.file): there is no such file`);
  });

  it('says which files of TypeScript it takes', async () => {
    const error = Object.assign(new TypeError('Unknown file extension ".cts"'), { code: 'ERR_UNKNOWN_FILE_EXTENSION' });
    expect(await explainLoadError(error, '/a/my-app.cts')).toBe(
      'TypeScript is taken from .ts and .mts files, and not from packages in node_modules',
    );
  });
});
