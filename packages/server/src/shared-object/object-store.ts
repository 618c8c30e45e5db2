import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ClassicLevel } from 'classic-level';
import type { Logger } from '../log/index.js';
import { StateError } from './state-error.js';
import { formatKey, type ObjectKey, objectKey, StoredObject, type StoreOperation, slotKeys } from './stored-object.js';

type Database = ClassicLevel<string, Uint8Array>;

interface Batch {
  readonly operations: StoreOperation[];
  readonly done: (() => void)[];
}

const format = '1';
/** Between attempts to write what could not be written. */
const retryMs = 1000;

/**
 * Where persistent objects are kept: a LevelDB in a folder of its own. Changes are written in order, those that come
 * while others are being written together with the next; they are on the disk (fsync) when `done` is called.
 */
export class ObjectStore {
  readonly #folder: string;
  readonly #log: Logger;
  #opening: Promise<Database> | undefined;
  #batch: Batch = { operations: [], done: [] };
  #writing: Promise<void> | undefined;
  #isClosed = false;

  /** `stateDir`: `state.dir` of the configuration. Nothing is opened yet. */
  constructor(stateDir: string, log: Logger) {
    this.#folder = join(resolve(stateDir), 'shared-objects');
    this.#log = log;
  }

  /** Whether anything was ever stored: then the server does not start without being able to read it. */
  get exists(): boolean {
    return existsSync(this.#folder);
  }

  /** Rejects with `StateError` where the store cannot be used. */
  async open(): Promise<void> {
    await this.#database();
  }

  /** What is stored of an object, to be stored on. One at a time for each object. Rejects with `StateError`. */
  async load(key: ObjectKey): Promise<StoredObject> {
    const database = await this.#database();
    const append = (operations: readonly StoreOperation[], done: () => void): void => this.#append(operations, done);
    try {
      const head = await database.get(objectKey(key));
      const stored = new StoredObject(key, head, append);
      if (head !== undefined) {
        for await (const [slot, record] of database.iterator(slotKeys(key))) stored.read(slot, record);
      }
      return stored;
    } catch (error) {
      throw this.#failed(error);
    }
  }

  /** Resolves when everything is on the disk, or never will be. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#writing;
    const database = await this.#opening?.catch(() => undefined);
    await database?.close();
  }

  #append(operations: readonly StoreOperation[], done: () => void): void {
    this.#batch.operations.push(...operations);
    this.#batch.done.push(done);
    this.#writing ??= this.#write();
  }

  async #write(): Promise<void> {
    // What else comes in this turn is written with it.
    await Promise.resolve();
    const database = await this.#database();
    while (this.#batch.done.length > 0) {
      const { operations, done } = this.#batch;
      this.#batch = { operations: [], done: [] };
      if (!(await this.#writeBatch(database, operations))) break;
      for (const call of done) call();
    }
    this.#writing = undefined;
  }

  /** Tries until it succeeds: a disk that is full may have room again. `false`: the server stops. */
  async #writeBatch(database: Database, operations: StoreOperation[]): Promise<boolean> {
    for (;;) {
      try {
        await database.batch(operations, { sync: true });
        return true;
      } catch (error) {
        this.#log.error({ err: error }, 'changes of persistent shared objects cannot be stored; trying again');
        if (this.#isClosed) return false;
        await delay(retryMs);
      }
    }
  }

  #database(): Promise<Database> {
    this.#opening ??= this.#open();
    return this.#opening;
  }

  async #open(): Promise<Database> {
    try {
      // Only who has persistent objects loads the native module.
      const { ClassicLevel } = await import('classic-level');
      await mkdir(this.#folder, { recursive: true });
      const database: Database = new ClassicLevel(this.#folder, { keyEncoding: 'utf8', valueEncoding: 'view' });
      await database.open();
      await checkFormat(database, this.#folder);
      return database;
    } catch (error) {
      this.#opening = undefined;
      throw this.#failed(error);
    }
  }

  #failed(error: unknown): StateError {
    if (error instanceof StateError) return error;
    const { code, message } = causeOf(error);
    const choose = 'choose another folder: --set state.dir=FOLDER';
    if (code === 'LEVEL_LOCKED') {
      return new StateError(
        `the shared objects in ${this.#folder} (state.dir) are in use by another process: stop it, or ${choose}`,
        { cause: error },
      );
    }
    return new StateError(
      `cannot read the shared objects in ${this.#folder} (state.dir): ${message}. Put back a copy of the folder, move it away to begin without its objects, or ${choose}`,
      { cause: error },
    );
  }
}

async function checkFormat(database: Database, folder: string): Promise<void> {
  const stored = await database.get(formatKey);
  if (stored === undefined) {
    await database.put(formatKey, Buffer.from(format), { sync: true });
    return;
  }
  const found = Buffer.from(stored).toString();
  if (found === format) return;
  await database.close();
  throw new StateError(
    `the shared objects in ${folder} (state.dir) are of another version of millrace (format ${JSON.stringify(found.slice(0, 20))}): use that version, or choose another folder: --set state.dir=FOLDER`,
  );
}

function causeOf(error: unknown): { readonly code: string; readonly message: string } {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (!(cause instanceof Error)) return { code: '', message: String(cause) };
  return { code: 'code' in cause ? String(cause.code) : '', message: cause.message };
}
