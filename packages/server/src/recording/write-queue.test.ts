import type { FileHandle } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { WriteQueue } from './write-queue.js';

/** A file whose disk takes what a test lets it take. */
class FakeFile {
  readonly bytes: number[] = [];
  writes = 0;
  /** For each write: how many bytes are taken, or what fails. */
  readonly script: (number | Error)[] = [];
  #gate: Promise<void> = Promise.resolve();

  /** Writes wait until the returned function is called. */
  block(): () => void {
    let open = (): void => undefined;
    this.#gate = new Promise((resolve) => {
      open = resolve;
    });
    return open;
  }

  async writev(parts: readonly Uint8Array[], position: number): Promise<{ bytesWritten: number }> {
    this.writes += 1;
    await this.#gate;
    const step = this.script.shift() ?? Number.POSITIVE_INFINITY;
    if (step instanceof Error) throw step;
    const taken = parts.flatMap((part) => [...part]).slice(0, step);
    for (const [i, byte] of taken.entries()) this.bytes[position + i] = byte;
    return { bytesWritten: taken.length };
  }
}

function queueOn(file: FakeFile, position = 0): { queue: WriteQueue; errors: unknown[] } {
  const errors: unknown[] = [];
  const queue = new WriteQueue(file as unknown as FileHandle, position, (error) => errors.push(error));
  return { queue, errors };
}

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

describe('WriteQueue', () => {
  it('writes what has gathered at once, in order', async () => {
    const file = new FakeFile();
    const { queue } = queueOn(file, 2);
    queue.push(bytes(1, 2), bytes(), bytes(3));
    queue.push(bytes(4));
    expect(file.writes).toBe(0);
    expect(queue.pendingBytes).toBe(4);
    await queue.drain();
    expect(file.bytes.slice(2)).toEqual([1, 2, 3, 4]);
    expect(file.writes).toBe(1);
    expect(queue.pendingBytes).toBe(0);
  });

  it('goes on where the disk took a part', async () => {
    const file = new FakeFile();
    file.script.push(1, 3);
    const { queue } = queueOn(file);
    queue.push(bytes(1, 2), bytes(3, 4, 5), bytes(6));
    await queue.drain();
    expect(file.bytes).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('counts what is being written, and writes one batch at a time', async () => {
    const file = new FakeFile();
    const open = file.block();
    const { queue } = queueOn(file);
    queue.push(new Uint8Array(300_000));
    queue.push(new Uint8Array(300_000));
    expect(file.writes).toBe(1);
    expect(queue.pendingBytes).toBe(600_000);
    open();
    await queue.drain();
    expect(file.writes).toBe(2);
    expect(file.bytes).toHaveLength(600_000);
  });

  it('tells of the first failure and takes nothing more', async () => {
    const file = new FakeFile();
    const full = new Error('no space left');
    file.script.push(2, full);
    const { queue, errors } = queueOn(file);
    queue.push(bytes(1, 2, 3));
    await queue.drain();
    queue.push(bytes(4));
    await queue.drain();
    expect(errors).toEqual([full]);
    expect(file.bytes).toEqual([1, 2]);
    expect(queue.pendingBytes).toBe(0);
  });

  it('forgets what is not written, and waits for what is being written', async () => {
    const file = new FakeFile();
    const open = file.block();
    const { queue, errors } = queueOn(file);
    queue.push(new Uint8Array(300_000).fill(1));
    queue.push(bytes(2));
    const abandoned = queue.abandon();
    open();
    await abandoned;
    expect(file.writes).toBe(1);
    expect(file.bytes).toHaveLength(300_000);
    expect(errors).toEqual([]);
  });

  it('keeps what comes until the file is open, and lets it be read', async () => {
    const file = new FakeFile();
    let opened = (_file: FileHandle): void => undefined;
    const opening = new Promise<FileHandle>((resolve) => {
      opened = resolve;
    });
    const queue = new WriteQueue(opening, 0, () => undefined);
    queue.push(new Uint8Array(300_000).fill(1));
    queue.push(bytes(2, 3), bytes(), bytes(4));
    const target = new Uint8Array(5);
    queue.copyPending(target, 299_999);
    expect([...target]).toEqual([1, 2, 3, 4, 0]);
    expect(file.writes).toBe(0);
    opened(file as unknown as FileHandle);
    await queue.drain();
    expect(file.bytes.slice(299_998)).toEqual([1, 1, 2, 3, 4]);
    expect(queue.writtenEnd).toBe(300_003);
  });

  it('tells that there is no file', async () => {
    const error = new Error('no file');
    const errors: unknown[] = [];
    const queue = new WriteQueue(Promise.reject(error), 0, (each) => errors.push(each));
    queue.push(bytes(1));
    await queue.drain();
    expect(errors).toEqual([error]);
  });
});
