import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import * as v from 'valibot';
import type { ClaimedPlace } from './file-recorder.js';
import { isRunning, ownIdentity, type ProcessIdentity } from './process-identity.js';
import { errorCodeOf } from './recording-error.js';

/** Within `media.dir`: a file for each server that records into it. Hidden, so it is no recording. */
const leaseFolder = '.millrace';
const heartbeatMs = 5000;
/** Of a server that cannot be asked for otherwise: it is gone when its heart has not beaten for so long, ms. */
export const leaseTimeoutMs = 30_000;

const leaseSchema = v.object({
  machine: v.string(),
  pid: v.number(),
  startedAt: v.string(),
  /** What the server records or completes, relative to `media.dir`. */
  files: v.array(v.string()),
});

/**
 * Tells other servers on the same `media.dir`, on this machine or another, which files this one writes, and what they
 * write. Each server has a file with its list, which it writes anew every few seconds as long as it lives.
 */
export class ServerLease {
  readonly #folder: string;
  readonly #id = randomUUID();
  readonly #files = new Map<string, number>();
  #identity: ProcessIdentity | undefined;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();
  /** What begins when that is done. */
  #waiting: Promise<void> | undefined;
  #isClosed = false;

  constructor(mediaDir: string) {
    this.#folder = join(resolve(mediaDir), leaseFolder);
  }

  /**
   * Says that this server writes the file, until `release`. Returns false where another server does, and says nothing
   * then. Rejects with the system's errors.
   */
  async hold(name: string): Promise<boolean> {
    this.#files.set(name, (this.#files.get(name) ?? 0) + 1);
    try {
      // First said, then asked: of two servers that want a file at once, at most one gets it.
      await this.#write();
      if (!(await this.#isHeldByOthers(name))) return true;
    } catch (error) {
      this.release(name);
      throw error;
    }
    this.release(name);
    return false;
  }

  release(name: string): void {
    const count = (this.#files.get(name) ?? 0) - 1;
    if (count > 0) this.#files.set(name, count);
    else this.#files.delete(name);
    // What the list says too much of costs others a moment; it is told with the next.
    if (count === 0) void this.#write().catch(() => undefined);
  }

  /** Nothing is held any more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#timer);
    this.#files.clear();
    await this.#writing.catch(() => undefined);
    await rm(this.#path, { force: true }).catch(() => undefined);
  }

  get #path(): string {
    return join(this.#folder, `${this.#id}.json`);
  }

  /** Resolves when the list as it is now is on the disk. */
  #write(): Promise<void> {
    this.#waiting ??= this.#writing
      .catch(() => undefined)
      .then(() => {
        this.#waiting = undefined;
        return this.#writeNow();
      });
    this.#writing = this.#waiting;
    return this.#writing;
  }

  async #writeNow(): Promise<void> {
    if (this.#isClosed) return;
    this.#identity ??= await ownIdentity();
    await mkdir(this.#folder, { recursive: true });
    const temporary = `${this.#path}.tmp`;
    await writeFile(temporary, JSON.stringify({ ...this.#identity, files: [...this.#files.keys()] }));
    await rename(temporary, this.#path);
    this.#timer ??= setInterval(() => void this.#write().catch(() => undefined), heartbeatMs).unref();
  }

  async #isHeldByOthers(name: string): Promise<boolean> {
    const own = await stat(this.#path);
    for (const entry of await readdir(this.#folder)) {
      if (!entry.endsWith('.json') || entry === `${this.#id}.json`) continue;
      const path = join(this.#folder, entry);
      const lease = await readLease(path);
      if (lease === undefined) continue;
      // Both times are of the folder's own clock.
      const silentMs = own.mtimeMs - lease.beatMs;
      const isAlive = (this.#identity && (await isRunning(lease, this.#identity))) ?? silentMs < leaseTimeoutMs;
      if (!isAlive) await Promise.all([rm(path, { force: true }), rm(`${path}.tmp`, { force: true })]);
      else if (lease.files.includes(name)) return true;
    }
    return false;
  }
}

type Lease = ProcessIdentity & { readonly files: readonly string[]; readonly beatMs: number };

/** `undefined`: it is gone, or no lease. */
async function readLease(path: string): Promise<Lease | undefined> {
  try {
    const { mtimeMs } = await stat(path);
    const parsed = v.safeParse(leaseSchema, JSON.parse(await readFile(path, 'utf8')));
    return parsed.success ? { ...parsed.output, beatMs: mtimeMs } : undefined;
  } catch (error) {
    if (errorCodeOf(error) === 'ENOENT' || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** The place, while no other server writes it; `undefined`: one does. The claim is given back then, or where that fails. */
export async function leased({ place, claim }: ClaimedPlace, lease: ServerLease): Promise<ClaimedPlace | undefined> {
  let isHeld = false;
  try {
    isHeld = await lease.hold(place.name);
  } finally {
    if (!isHeld) claim.release();
  }
  if (!isHeld) return undefined;
  const release = (): void => {
    lease.release(place.name);
    claim.release();
  };
  return { place, claim: { ready: claim.ready, finishing: () => claim.finishing(), release } };
}
