import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isRunning, ownIdentity } from './process-identity.js';
import { leaseTimeoutMs, ServerLease } from './server-lease.js';

let folder: string;
const open: ServerLease[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-lease-'));
});
afterEach(async () => {
  for (const lease of open.splice(0)) await lease.close();
  rmSync(folder, { recursive: true, force: true });
});

function leaseHere(): ServerLease {
  const lease = new ServerLease(folder);
  open.push(lease);
  return lease;
}

const leases = (): string[] => readdirSync(join(folder, '.millrace'));

function writeLease(fields: Record<string, unknown>, ageMs = 0): string {
  mkdirSync(join(folder, '.millrace'), { recursive: true });
  const path = join(folder, '.millrace', 'other.json');
  writeFileSync(path, JSON.stringify({ pid: 1, startedAt: '1', machine: 'elsewhere', files: ['x.flv'], ...fields }));
  const time = (Date.now() - ageMs) / 1000;
  utimesSync(path, time, time);
  return path;
}

describe('ServerLease', () => {
  it('gives a file to one server at a time', async () => {
    const [a, b] = [leaseHere(), leaseHere()];
    expect(await a.hold('x.flv')).toBe(true);
    expect(await b.hold('x.flv')).toBe(false);
    expect(await b.hold('y.flv')).toBe(true);
    expect(await a.hold('x.flv')).toBe(true);
    a.release('x.flv');
    expect(await b.hold('x.flv')).toBe(false);
    a.release('x.flv');
    await a.close();
    expect(await b.hold('x.flv')).toBe(true);
  });

  it('gives it to one at most where both want it at once', async () => {
    for (let round = 0; round < 20; round += 1) {
      const held = await Promise.all([leaseHere(), leaseHere()].map((lease) => lease.hold(`${round}.flv`)));
      expect(held.filter((isHeld) => isHeld).length).toBeLessThan(2);
    }
  });

  it('leaves nothing behind', async () => {
    const lease = leaseHere();
    await lease.hold('x.flv');
    expect(leases()).toHaveLength(1);
    lease.release('x.flv');
    await lease.close();
    expect(leases()).toEqual([]);
  });

  it.each([
    ['another machine, a moment ago', {}, 0, false],
    ['another machine, whose heart has stopped', {}, leaseTimeoutMs + 5000, true],
  ])('believes a server on %s', async (_, fields, ageMs, isFree) => {
    writeLease(fields, ageMs);
    expect(await leaseHere().hold('x.flv')).toBe(isFree);
    expect(leases().includes('other.json')).toBe(!isFree);
  });

  it.runIf(process.platform === 'linux')('knows at once that a process of this machine was killed', async () => {
    const { machine } = await ownIdentity();
    expect(machine).toContain(hostname());
    const child = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1000)']);
    await new Promise((resolve) => child.once('spawn', resolve));
    const stat = readFileSync(`/proc/${child.pid}/stat`, 'utf8');
    const startedAt = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    writeLease({ machine, pid: child.pid, startedAt }, leaseTimeoutMs * 10);
    // It lives, however long it has been silent.
    expect(await leaseHere().hold('x.flv')).toBe(false);
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
    expect(await leaseHere().hold('x.flv')).toBe(true);
  });

  it.runIf(process.platform === 'linux')('does not take another process with the same id for it', async () => {
    const own = await ownIdentity();
    expect(await isRunning(own, own)).toBe(true);
    expect(await isRunning({ ...own, startedAt: '1' }, own)).toBe(false);
    writeLease({ ...own, startedAt: '1' });
    expect(await leaseHere().hold('x.flv')).toBe(true);
  });

  it.each(['', 'null', '{', '[]', '{"files":"x.flv"}'])('is not disturbed by a file with %j', async (text) => {
    const path = writeLease({});
    writeFileSync(path, text);
    expect(await leaseHere().hold('x.flv')).toBe(true);
  });

  it('rejects where it cannot be written', async () => {
    writeFileSync(join(folder, '.millrace'), '');
    await expect(leaseHere().hold('x.flv')).rejects.toThrow();
  });
});
