import { readFile, readlink } from 'node:fs/promises';
import { hostname } from 'node:os';

/** A process among all that may ever see the same folder. */
export interface ProcessIdentity {
  /** Where process ids mean the same processes: a machine since it was started, or a container. */
  readonly machine: string;
  readonly pid: number;
  /** When it began, as the system counts; empty where that is not known. Ids are given again to others. */
  readonly startedAt: string;
}

export async function ownIdentity(): Promise<ProcessIdentity> {
  const boot = await textOf(readFile('/proc/sys/kernel/random/boot_id', 'utf8'));
  const namespace = await textOf(readlink('/proc/self/ns/pid'));
  const machine = [hostname(), boot, namespace].join(' ').trim();
  return { machine, pid: process.pid, startedAt: await startOf(process.pid) };
}

/** Whether the process runs. `undefined`: from here nobody can say. */
export async function isRunning(other: ProcessIdentity, own: ProcessIdentity): Promise<boolean | undefined> {
  if (other.machine !== own.machine) return undefined;
  if (own.startedAt !== '') return (await startOf(other.pid)) === other.startedAt;
  try {
    process.kill(other.pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM' ? undefined : false;
  }
  // It may be another one with the same id.
  return other.pid === own.pid ? true : undefined;
}

/** Empty: there is no such process, or the system does not say. */
async function startOf(pid: number): Promise<string> {
  const stat = await textOf(readFile(`/proc/${pid}/stat`, 'utf8'));
  // The name before it is in parentheses, and may have spaces and parentheses in it. [proc(5), field 22]
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  // What has ended and was not waited for writes no more.
  return fields[0] === 'Z' ? '' : (fields[19] ?? '');
}

async function textOf(reading: Promise<string>): Promise<string> {
  return await reading.then(
    (text) => text.trim(),
    () => '',
  );
}
